import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun } from './import-row.js';
import type { Staged } from './staged.js';

/**
 * What rows of equal content have become that were added by this run or another and not undone since, by content hash. Whether it is still there,
 * the caller has to see.
 */
export async function addedBefore(
  tx: Transaction<MemoryTables>,
  noun: ImportNoun,
  rows: readonly Pick<Staged, 'content_hash'>[],
): Promise<Map<string, string>> {
  if (rows.length === 0) return new Map();
  const hashes = rows.map(({ content_hash }) => content_hash);
  const { rows: found } = await sql<{ content_hash: string; id: string }>`
    select content_hash, cast(id as varchar) as id from import_decisions as decided
    where noun = ${noun} and decision in ('added', 'renamed') and content_hash in (${sql.join(hashes)})
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)`.execute(tx);
  return new Map(found.map((row) => [row.content_hash, row.id]));
}

/**
 * What messages of these files have become here, by file and id in it (`messageKey`): in this run or another. Of several rows of one id the first counts.
 */
export async function messagesTakenIn(
  tx: Transaction<MemoryTables>,
  files: readonly string[],
  sourceIds: readonly string[],
): Promise<Map<string, string>> {
  if (sourceIds.length === 0) return new Map();
  const { rows } = await sql<{ file: string; source_id: string; id: string }>`
    select file, source_id, cast(id as varchar) as id from import_decisions as decided
    where noun = 'message' and id is not null and file in (${sql.join(files)}) and source_id in (${sql.join(sourceIds)})
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)
    order by run_id, place desc`.execute(tx);
  return new Map(rows.map((row) => [messageKey(row.file, row.source_id), row.id]));
}

export function messageKey(file: string, sourceId: string): string {
  return `${file} ${sourceId}`;
}
