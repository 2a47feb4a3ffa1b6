import type { Transaction } from 'kysely';
import type { Insert, Rows } from '#database';
import type { Reservations } from '../conversation-tails.js';
import type { MemoryTables } from '../tables.js';
import type { ImportDecision, ImportNoun, ImportProvenance, ImportValues } from './import-row.js';
import type { PackPlace } from './originals.js';
import type { ImportRowTable } from './tables.js';
import type { Turns } from './turns.js';
import type { Meant } from './verify.js';

/** Runs a job on one snapshot of the memory. */
export type Read = <T>(job: (db: Transaction<MemoryTables>) => Promise<T>) => Promise<T>;

/** A row whose turn it is. */
export interface Staged<Noun extends ImportNoun = ImportNoun> extends Omit<
  ImportRowTable,
  'arrival' | 'unit_sort' | 'sort' | 'weight' | keyof PackPlace
> {
  readonly chunk: number;
  readonly place: number;
  readonly value: ImportValues[Noun];
}

/** What is decided of a row. */
export interface Ruling {
  readonly staged: Staged;
  readonly decision: ImportDecision;
  readonly reason: string | null;
  readonly id: string | null;
  readonly rowHash: string | null;
}

/** What is decided of the rows of a chunk, and what is to be written for it. */
export interface ChunkOutcome {
  readonly rulings: readonly Ruling[];
  readonly rows: Rows<MemoryTables>;
  readonly meant: readonly Meant[];
}

/** What deciding needs: the transaction that it is written in too. */
export interface SettleContext {
  readonly tx: Transaction<MemoryTables>;
  readonly insert: Insert<MemoryTables>;
  readonly reservations: Reservations;
  readonly runId: string;
  readonly chunk: number;
  readonly turns: Turns;
}

export function quarantined(staged: Staged, reason: string): Ruling {
  return { staged, decision: 'quarantined', reason, id: null, rowHash: null };
}

export function duplicate(staged: Staged, id: string, reason: string | null = null): Ruling {
  return { staged, decision: 'duplicate', reason, id, rowHash: null };
}

export function provenanceOf({ file, table_name, row_number }: Staged): ImportProvenance {
  return { file, table: table_name, row: row_number };
}
