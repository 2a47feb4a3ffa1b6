import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun } from './import-row.js';
import { isPart } from './noun-tables.js';
import { EXECUTION_HAS_PARTS, EXECUTION_STAYS, SHARED } from './undo-reasons.js';

/**
 * Which of these things something else is built on, with the reason why they can't go. Parts are asked for, and answered, by their executions.
 * @param changed which of them can't go anyway.
 * @param staying the executions of the run that stay.
 */
export async function usersOf(
  tx: Transaction<MemoryTables>,
  runId: string,
  noun: ImportNoun,
  ids: readonly string[],
  changed: ReadonlySet<string>,
  staying: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  if (ids.length === 0 || noun === 'remainder') return new Map();
  if (isPart(noun)) return new Map(ids.filter((id) => staying.has(id)).map((id) => [id, EXECUTION_STAYS]));
  if (noun === 'execution') return usersOfExecutions(tx, ids, staying);
  const shared = await sharedWith(tx, runId, noun, ids);
  if (noun === 'message') return usersOfMessages(tx, ids, changed, shared, staying);
  const users = noun === 'score' ? await usersOfScores(tx, ids, staying) : await usersOfNamed(tx, ids);
  for (const id of shared) users.set(id, SHARED);
  return users;
}

async function usersOfScores(
  tx: Transaction<MemoryTables>,
  ids: readonly string[],
  staying: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  if (staying.size === 0) return new Map();
  const scores = await tx.selectFrom('scores').select(['id', 'execution_id']).where('id', 'in', ids).execute();
  return new Map(scores.filter(({ execution_id }) => staying.has(execution_id ?? '')).map(({ id }) => [id, EXECUTION_STAYS]));
}

/** Those that stay, and those of which a part came to be while the others were taken back. */
async function usersOfExecutions(
  tx: Transaction<MemoryTables>,
  ids: readonly string[],
  staying: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const users = new Map<string, string>();
  for (const table of ['items', 'attempts', 'outcomes', 'attack_results', 'messages', 'scores'] as const) {
    const rows = await tx.selectFrom(table).select('execution_id as id').distinct().where('execution_id', 'in', ids).execute();
    for (const { id } of rows) users.set(id ?? '', EXECUTION_HAS_PARTS);
  }
  for (const id of ids) users.set(id, staying.get(id) ?? users.get(id) ?? '');
  return new Map([...users].filter(([, reason]) => reason !== ''));
}

/** What rows of other runs, which were not undone, are duplicates of. */
async function sharedWith(tx: Transaction<MemoryTables>, runId: string, noun: ImportNoun, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select distinct cast(id as varchar) as id from import_decisions as decided
    where noun = ${noun} and decision = 'duplicate' and run_id <> ${runId} and id in (${sql.join(ids)})
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

/** Orchestrators, executions and scores that name a configuration or a dataset. */
async function usersOfNamed(tx: Transaction<MemoryTables>, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; reason: string }>`
    with asked as (select unnest(from_json(${JSON.stringify(ids)}::varchar, '["varchar"]')) as id)
    select id, 'An orchestrator refers to it.' as reason from asked
      where exists (select 1 from orchestrators where cast(parameters as varchar) like '%' || asked.id || '%')
    union all select id, 'An execution was planned with it.' from asked
      where exists (select 1 from executions where cast(plan as varchar) like '%' || asked.id || '%')
    union all select id, 'There are executions of it.' from asked
      where exists (select 1 from executions where cast(orchestrator_id as varchar) = asked.id)
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
  staying: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const messages = await tx
    .selectFrom('messages')
    .select(['id', 'conversation_id', 'sequence', 'execution_id'])
    .where('id', 'in', ids)
    .execute();
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
  for (const { conversation_id, execution_id } of messages)
    if (staying.has(execution_id ?? '')) stays.set(conversation_id, EXECUTION_STAYS);
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
