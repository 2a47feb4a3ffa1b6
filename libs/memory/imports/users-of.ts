import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun } from './import-row.js';

/** Which of these things something else is built on, with the reason why they can't go. @param changed which of them can't go anyway. */
export async function usersOf(
  tx: Transaction<MemoryTables>,
  runId: string,
  noun: ImportNoun,
  ids: readonly string[],
  changed: ReadonlySet<string>,
): Promise<Map<string, string>> {
  if (ids.length === 0 || noun === 'remainder') return new Map();
  const shared = await sharedWith(tx, runId, noun, ids);
  if (noun === 'message') return usersOfMessages(tx, ids, changed, shared);
  const users = noun === 'score' ? new Map<string, string>() : await usersOfNamed(tx, ids);
  for (const id of shared) users.set(id, SHARED);
  return users;
}

const SHARED = 'Another import has the same.';

/** What rows of other runs, which were not undone, are duplicates of. */
async function sharedWith(tx: Transaction<MemoryTables>, runId: string, noun: ImportNoun, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select distinct cast(id as varchar) as id from import_decisions as decided
    where noun = ${noun} and decision = 'duplicate' and run_id <> ${runId} and id in (${sql.join(ids)})
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

/** Orchestrators, plans and scores that name a configuration or a dataset. */
async function usersOfNamed(tx: Transaction<MemoryTables>, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; reason: string }>`
    with asked as (select unnest(from_json(${JSON.stringify(ids)}::varchar, '["varchar"]')) as id)
    select id, 'An orchestrator refers to it.' as reason from asked
      where exists (select 1 from orchestrators where cast(parameters as varchar) like '%' || asked.id || '%')
    union all select id, 'An execution was planned with it.' from asked
      where exists (select 1 from executions where cast(plan as varchar) like '%' || asked.id || '%')
    union all select id, 'There are scores of it.' from asked
      where exists (select 1 from scores where cast(scorer_id as varchar) = asked.id)`.execute(tx);
  return new Map(rows.map(({ id, reason }) => [id, reason]));
}

/** A conversation goes whole or not at all: it stays when any of its messages was changed, has scores or copies that stay, or when it has others by now. */
async function usersOfMessages(
  tx: Transaction<MemoryTables>,
  ids: readonly string[],
  changed: ReadonlySet<string>,
  shared: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const messages = await tx.selectFrom('messages').select(['id', 'conversation_id', 'sequence']).where('id', 'in', ids).execute();
  const scored = await tx.selectFrom('scores').select('message_id as id').distinct().where('message_id', 'in', ids).execute();
  const copies = await tx
    .selectFrom('messages')
    .select(['id', 'original_prompt_id'])
    .where('original_prompt_id', 'in', ids)
    .whereRef('id', '!=', 'original_prompt_id')
    .execute();
  const firsts = new Map<string, number>();
  for (const { conversation_id, sequence } of messages)
    firsts.set(conversation_id, Math.min(sequence, firsts.get(conversation_id) ?? sequence));
  const places = await tx
    .selectFrom('messages')
    .select(['id', 'conversation_id', 'sequence'])
    .where('conversation_id', 'in', [...firsts.keys()])
    .execute();
  const stays = new Map<string, string>();
  const own = new Set(ids);
  for (const { id, conversation_id, sequence } of places)
    if (!own.has(id) && sequence > (firsts.get(conversation_id) ?? 0)) stays.set(conversation_id, 'Its conversation went on.');
  const placeOf = new Map(messages.map(({ id, conversation_id }) => [id, conversation_id]));
  for (const id of changed) stays.set(placeOf.get(id) ?? '', 'Its conversation was changed since.');
  for (const id of shared) stays.set(placeOf.get(id) ?? '', SHARED);
  for (const { id } of scored) stays.set(placeOf.get(id) ?? '', 'Its conversation has scores.');
  // A copy that stays keeps the conversation of its original, whose messages may be copies too.
  for (let before = -1; before !== stays.size;) {
    before = stays.size;
    for (const { id, original_prompt_id } of copies) {
      const copied = placeOf.get(original_prompt_id) ?? '';
      const goes = own.has(id) && !stays.has(placeOf.get(id) ?? '');
      if (!goes && !stays.has(copied)) stays.set(copied, 'Its conversation has copies.');
    }
  }
  return new Map(
    messages.flatMap(({ id, conversation_id }) => {
      const reason = stays.get(conversation_id);
      return reason === undefined ? [] : [[id, reason] as const];
    }),
  );
}
