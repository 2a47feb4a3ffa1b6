import type { Transaction } from 'kysely';
import type { Insert, Rows } from '#database';
import type { Reservations } from '../conversation-tails.js';
import type { MemoryTables } from '../tables.js';
import type { ImportDecision, ImportNoun, ImportProvenance, ImportValues } from './import-row.js';
import type { ImportWorkTable } from './tables.js';
import type { Meant } from './verify.js';

/** A row whose turn it is. */
export interface Staged<Noun extends ImportNoun = ImportNoun> extends Omit<ImportWorkTable, 'part' | 'text'> {
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

/** The rows of a chunk, in their order. */
export async function stagedOf(tx: Transaction<MemoryTables>, runId: string, chunk: number): Promise<Staged[]> {
  const parts = await tx
    .selectFrom('import_work')
    .selectAll()
    .where('run_id', '=', runId)
    .where('chunk', '=', chunk)
    .orderBy('place')
    .orderBy('part')
    .execute();
  return [...Map.groupBy(parts, ({ place }) => place).values()].map((texts) => {
    const [{ part: _part, text: _text, ...columns }] = texts as [ImportWorkTable, ...ImportWorkTable[]];
    return { ...columns, value: JSON.parse(texts.map(({ text }) => text).join('')) as ImportValues[ImportNoun] };
  });
}
