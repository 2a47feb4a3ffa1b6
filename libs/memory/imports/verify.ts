import type { Transaction } from 'kysely';
import { DomainError } from '#core';
import { withWholeTexts } from '../long-texts.js';
import type { MemoryTables } from '../tables.js';
import { rowHash } from './canonical.js';
import type { ImportProvenance } from './import-row.js';

/** The tables that rows come into. */
export type ImportedTable = 'generators' | 'converters' | 'scorers' | 'datasets' | 'messages' | 'scores';

/** A row as it was meant to be stored. */
export interface Meant {
  readonly table: ImportedTable | 'prompts';
  readonly id: string;
  /** Of a prompt, its place in its dataset. */
  readonly position?: number;
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
    const ids = [...new Set(rows.map(({ id }) => id))];
    const stored = table === 'prompts' ? await promptHashes(tx, ids) : await rowHashes(tx, table, ids);
    for (const { id, position, hash, from } of rows)
      if (stored.get(position === undefined ? id : `${id} ${position}`) !== hash) throw new ImportMismatch(from, table);
  }
}

/** The canonical hashes of the rows that are there, by id. */
export async function rowHashes(tx: Transaction<MemoryTables>, table: ImportedTable, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  if (table === 'messages') {
    const messages = await withWholeTexts(tx, await tx.selectFrom('messages').selectAll().where('id', 'in', ids).execute());
    return new Map(messages.map((row) => [row.id, rowHash(row)]));
  }
  const rows: { id: string }[] = await tx.selectFrom(table).selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, rowHash(row)]));
}

/** By dataset and position. */
async function promptHashes(tx: Transaction<MemoryTables>, datasetIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.selectFrom('prompts').selectAll().where('dataset_id', 'in', datasetIds).execute();
  return new Map(rows.map((row) => [`${row.dataset_id} ${row.position}`, rowHash(row)]));
}
