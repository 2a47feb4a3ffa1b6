import type { Transaction } from 'kysely';
import { DomainError, Pace } from '#core';
import { withWholeTexts } from '../long-texts.js';
import type { MemoryTables } from '../tables.js';
import { rowHash } from './canonical.js';
import type { ImportProvenance } from './import-row.js';
import type { PartTable, RowTable } from './noun-tables.js';
import { partHashes, placeKey } from './parts.js';

/** A row as it was meant to be stored. */
export interface Meant {
  readonly table: RowTable | PartTable | 'prompts';
  /** Of a prompt that of its dataset, of a part that of its execution. */
  readonly id: string;
  /** Of a prompt its position in the dataset, of a part its key in the execution. */
  readonly part?: string;
  readonly hash: string;
  /** What it was made of. */
  readonly from: ImportProvenance;
}

/** What the memory holds is not what was meant: the chunk is rolled back. */
export class ImportMismatch extends DomainError {
  constructor(
    readonly from: ImportProvenance,
    table: string,
  ) {
    super(
      `Row ${from.row} of ${from.table} in the file ${from.file} did not come into ${table} as it was meant, so nothing of its chunk was kept. ` +
        'Take in the other rows without it, and report it.',
    );
  }
}

/** Reads the rows again that were written and compares canonical hashes, row by row. @throws ImportMismatch */
export async function verify(tx: Transaction<MemoryTables>, meant: readonly Meant[]): Promise<void> {
  for (const [table, rows] of Map.groupBy(meant, (each) => each.table)) {
    const stored = await storedHashes(tx, table, rows);
    for (const row of rows) if (stored.get(storedKey(row)) !== row.hash) throw new ImportMismatch(row.from, table);
  }
}

/** The canonical hashes of the rows that are there, by `storedKey`. */
export async function storedHashes(
  tx: Transaction<MemoryTables>,
  table: Meant['table'],
  rows: readonly Pick<Meant, 'id' | 'part'>[],
): Promise<Map<string, string>> {
  switch (table) {
    case 'prompts':
      return promptHashes(tx, rows);
    case 'items':
    case 'attempts':
    case 'outcomes':
    case 'attack_results':
      return partHashes(
        tx,
        table,
        rows.map(({ id, part }) => ({ executionId: id, key: part ?? '' })),
      );
    default:
      return rowHashes(tx, table, [...new Set(rows.map(({ id }) => id))]);
  }
}

export function storedKey({ id, part }: Pick<Meant, 'id' | 'part'>): string {
  return part === undefined ? id : placeKey({ executionId: id, key: part });
}

/** The canonical hashes of the rows that are there, by id. */
export async function rowHashes(tx: Transaction<MemoryTables>, table: RowTable, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  if (table === 'messages') {
    const messages = await withWholeTexts(tx, await tx.selectFrom('messages').selectAll().where('id', 'in', ids).execute());
    return hashed(messages, ({ id }) => id);
  }
  const rows: { id: string }[] = await tx.selectFrom(table).selectAll().where('id', 'in', ids).execute();
  return hashed(rows, ({ id }) => id);
}

/** By dataset and position: of each dataset the stretch that is asked for. */
async function promptHashes(tx: Transaction<MemoryTables>, asked: readonly Pick<Meant, 'id' | 'part'>[]): Promise<Map<string, string>> {
  const pace = new Pace();
  const hashes = new Map<string, string>();
  for (const [datasetId, own] of Map.groupBy(asked, ({ id }) => id)) {
    const positions = own.map(({ part }) => Number(part));
    const rows = await tx
      .selectFrom('prompts')
      .selectAll()
      .where('dataset_id', '=', datasetId)
      .where('position', '>=', leastOf(positions))
      .where('position', '<', leastOf(positions) + own.length)
      .execute();
    for (const row of rows) {
      hashes.set(`${row.dataset_id} ${row.position}`, rowHash(row));
      await pace.step();
    }
  }
  return hashes;
}

function leastOf(numbers: readonly number[]): number {
  return numbers.reduce((least, number) => Math.min(least, number));
}

async function hashed<T extends object>(rows: readonly T[], key: (row: T) => string): Promise<Map<string, string>> {
  const pace = new Pace();
  const hashes = new Map<string, string>();
  for (const row of rows) {
    hashes.set(key(row), rowHash(row));
    await pace.step();
  }
  return hashes;
}
