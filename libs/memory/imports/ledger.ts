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
 * What things of these files have become here, by file and id in it (`sourceKey`): in this run or another. Of several rows of one id the first counts.
 */
export async function takenIn(
  tx: Transaction<MemoryTables>,
  nouns: readonly ImportNoun[],
  files: readonly string[],
  sourceIds: readonly string[],
): Promise<Map<string, string>> {
  if (sourceIds.length === 0) return new Map();
  const { rows } = await sql<{ file: string; source_id: string; id: string }>`
    select file, source_id, cast(id as varchar) as id from import_decisions as decided
    where noun in (${sql.join(nouns)}) and id is not null and file in (${sql.join(files)}) and source_id in (${sql.join(sourceIds)})
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)
    order by run_id, place desc`.execute(tx);
  return new Map(rows.map((row) => [sourceKey(row.file, row.source_id), row.id]));
}

export function sourceKey(file: string, sourceId: string): string {
  return `${file} ${sourceId}`;
}

/**
 * In which conversations those of these files are here, by file and id in it (`sourceKey`). Where the messages of one are in several, where its last is.
 */
export async function conversationsTakenIn(
  tx: Transaction<MemoryTables>,
  files: readonly string[],
  conversationIds: readonly string[],
): Promise<Map<string, string>> {
  if (conversationIds.length === 0) return new Map();
  const { rows } = await sql<{ file: string; unit: string; id: string }>`
    with taken as (
      select file, unit, id, run_id, place from import_decisions as decided
      where noun = 'message' and id is not null and file in (${sql.join(files)}) and unit in (${sql.join(conversationIds)})
        and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key))
    select taken.file, cast(taken.unit as varchar) as unit, cast(messages.conversation_id as varchar) as id from taken join messages on messages.id = taken.id
    order by taken.run_id, taken.place`.execute(tx);
  return new Map(rows.map((row) => [sourceKey(row.file, row.unit), row.id]));
}

/** Which of these ids are messages, and which conversations, whatever brought them here. */
export async function strangersAmong(
  tx: Transaction<MemoryTables>,
  messageIds: readonly string[],
  conversationIds: readonly string[],
): Promise<{ readonly messages: ReadonlySet<string>; readonly conversations: ReadonlySet<string> }> {
  const messages = messageIds.length === 0 ? [] : await tx.selectFrom('messages').select('id').where('id', 'in', messageIds).execute();
  const conversations =
    conversationIds.length === 0
      ? []
      : await tx
          .selectFrom('messages')
          .select('conversation_id as id')
          .distinct()
          .where('conversation_id', 'in', conversationIds)
          .execute();
  return { messages: new Set(messages.map(({ id }) => id)), conversations: new Set(conversations.map(({ id }) => id)) };
}

/** The content of what this run has decided on already of things of these files, put aside ones left out, by `sourceKey`. */
export async function decidedOf(
  tx: Transaction<MemoryTables>,
  runId: string,
  noun: ImportNoun,
  files: readonly string[],
  sourceIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await tx
    .selectFrom('import_decisions')
    .select(['file', 'source_id', 'content_hash'])
    .where('run_id', '=', runId)
    .where('noun', '=', noun)
    .where('id', 'is not', null)
    .where('file', 'in', files)
    .where('source_id', 'in', sourceIds)
    .execute();
  return new Map(rows.map((row) => [sourceKey(row.file, row.source_id ?? ''), row.content_hash]));
}

/** With what content these things were added, if they were and that was not undone. */
export async function contentsTakenIn(
  tx: Transaction<MemoryTables>,
  noun: ImportNoun,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly content_hash: string }[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ id: string; content_hash: string }>`
    select cast(id as varchar) as id, content_hash from import_decisions as decided
    where noun = ${noun} and decision in ('added', 'renamed') and id in (${sql.join(ids)})
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)`.execute(tx);
  return rows;
}
