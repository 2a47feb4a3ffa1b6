import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { Read } from './staged.js';
import { CHANGED, SHARED } from './undo-reasons.js';
import { rowHashes } from './verify.js';

const WENT_ON = 'It went on since.';
const SCORED = 'Its answers were scored since.';
const COPIED = 'Its answers were copied since.';
const CONTINUED = 'One of its conversations went on since.';
const PLANNED = 'An execution was planned with it.';

/** Whatever in a plan may be the id of an execution. */
const UUIDS = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/**
 * Which of the executions that a run added stay when it is undone, with the reason. An execution goes whole, with its parts, messages and scores, or not at
 * all; so it stays when somebody changed it, or built on anything that it brought, or when a conversation of it stays for what was made of that. It is
 * asked before anything is taken back, because afterwards nobody could tell; what is built on it from then on keeps its own row, and what it was built on.
 */
export async function stayingExecutions(read: Read, runId: string, chunks: readonly number[]): Promise<ReadonlyMap<string, string>> {
  const changedExecutions: string[] = [];
  const changedConversations = new Set<string>();
  if (!(await read((db) => hasExecutions(db, runId)))) return new Map();
  for (const chunk of chunks) {
    await read(async (db) => {
      changedExecutions.push(...(await changedIn(db, runId, chunk, 'execution')));
      const messages = await changedIn(db, runId, chunk, 'message');
      if (messages.length === 0) return;
      const found = await db.selectFrom('messages').select('conversation_id').distinct().where('id', 'in', messages).execute();
      for (const { conversation_id } of found) changedConversations.add(conversation_id);
    });
  }
  return read((db) => staying(db, runId, changedExecutions, [...changedConversations]));
}

async function hasExecutions(db: Transaction<MemoryTables>, runId: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from import_decisions as decided where run_id = ${runId} and noun = 'execution' and decision = 'added' and ${notUndone()} limit 1`.execute(
    db,
  );
  return rows.length > 0;
}

/** What of a chunk is there and is not as it was added. Of messages only those that an execution's fate may hang on. */
async function changedIn(db: Transaction<MemoryTables>, runId: string, chunk: number, noun: 'execution' | 'message'): Promise<string[]> {
  const entangled = sql`exists (select 1 from messages where messages.id = decided.id
    and (messages.execution_id is not null or messages.original_prompt_id <> messages.id))`;
  const { rows } = await sql<{ id: string; row_hash: string }>`
    select cast(id as varchar) as id, row_hash from import_decisions as decided
    where run_id = ${runId} and chunk = ${chunk} and noun = ${noun} and decision = 'added' and ${notUndone()}
      and ${noun === 'message' ? entangled : sql`true`}`.execute(db);
  const ids = rows.map(({ id }) => id);
  const stored = await rowHashes(db, noun === 'message' ? 'messages' : 'executions', ids);
  return rows.filter(({ id, row_hash }) => stored.has(id) && stored.get(id) !== row_hash).map(({ id }) => id);
}

function notUndone() {
  return sql`not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)`;
}

/** From what was built on by others to all that therefore stays: conversations and executions that hang together stay together. */
async function staying(
  db: Transaction<MemoryTables>,
  runId: string,
  changedExecutions: readonly string[],
  changedConversations: readonly string[],
): Promise<Map<string, string>> {
  const parts = [
    ['item', 'items'],
    ['attempt', 'attempts'],
    ['outcome', 'outcomes'],
    ['attackResult', 'attack_results'],
  ] as const;
  const grown = parts.map(
    ([noun, table]) => sql`
      select executions.id from ${sql.table(table)} as part join own_executions as executions on executions.id = part.execution_id
      group by executions.id
      having count(*) > (select count(*) from own where own.noun = ${noun} and own.id = executions.id)`,
  );
  const listed = (ids: readonly string[]) =>
    sql`select cast(unnest(from_json(${JSON.stringify(ids)}::varchar, '["varchar"]')) as uuid) as id`;
  const { rows } = await sql<{ id: string; reason: string }>`
    with recursive own as materialized (
      select noun, id from import_decisions as decided
      where run_id = ${runId} and decision = 'added' and noun in ('execution', 'message', 'score', 'item', 'attempt', 'outcome', 'attackResult')
        and ${notUndone()}),
    shared as materialized (
      select distinct noun, id from import_decisions as decided
      where run_id <> ${runId} and decision = 'duplicate' and noun in ('execution', 'message', 'score') and ${notUndone()}),
    own_executions as materialized (select id from executions where id in (select id from own where noun = 'execution')),
    named as materialized (
      select distinct later, id from (
        select id as later, cast(unnest(regexp_extract_all(cast(plan as varchar), ${UUIDS})) as uuid) as id from executions) as mentioned
      where later <> id and id in (select id from own_executions)),
    own_messages as materialized (
      select id, conversation_id, sequence, execution_id, original_prompt_id from messages
      where id in (select id from own where noun = 'message')),
    own_scores as materialized (
      select id, message_id, execution_id from scores where id in (select id from own where noun = 'score')),
    seeds(kind, id, reason) as (
      select 'execution', id, ${CHANGED} from (${listed(changedExecutions)}) as changed
      union all select 'execution', id, ${SHARED} from own_executions where id in (select id from shared where noun = 'execution')
      union all select 'execution', id, ${WENT_ON} from (${sql.join(grown, sql` union all `)}
        union all select execution_id from messages where execution_id in (select id from own_executions) and id not in (select id from own_messages)) as grown
      union all select 'execution', execution_id, ${SCORED} from scores
        where execution_id in (select id from own_executions) and id not in (select id from own_scores)
      union all select 'execution', id, ${PLANNED} from named where later not in (select id from own_executions)
      union all select 'conversation', id, ${CHANGED} from (${listed(changedConversations)}) as changed
      union all select 'conversation', conversation_id, ${SHARED} from own_messages where id in (select id from shared where noun = 'message')
      union all select 'conversation', conversation_id, ${SHARED} from own_messages
        where id in (select message_id from own_scores where id in (select id from shared where noun = 'score'))
      union all select 'conversation', conversation_id, ${SCORED} from own_messages
        where id in (select message_id from scores where id not in (select id from own_scores))
      union all select 'conversation', conversation_id, ${COPIED} from own_messages
        where id in (select original_prompt_id from messages where id not in (select id from own_messages))
      union all select 'conversation', more.conversation_id, ${CONTINUED} from messages as more
        join (select conversation_id, min(sequence) as first from own_messages group by conversation_id) as mine
          on mine.conversation_id = more.conversation_id and more.sequence > mine.first
        where more.id not in (select id from own_messages)),
    ties(kind, id, other_kind, other) as materialized (
      select distinct 'conversation', conversation_id, 'execution', execution_id from own_messages
        where execution_id in (select id from own_executions)
      union all select distinct 'execution', execution_id, 'conversation', conversation_id from own_messages
        where execution_id in (select id from own_executions)
      union all select distinct 'conversation', copy.conversation_id, 'conversation', origin.conversation_id from own_messages as copy
        join own_messages as origin on origin.id = copy.original_prompt_id where origin.conversation_id <> copy.conversation_id
      union all select distinct 'execution', own_scores.execution_id, 'conversation', own_messages.conversation_id from own_scores
        join own_messages on own_messages.id = own_scores.message_id where own_scores.execution_id in (select id from own_executions)
      union all select 'execution', later, 'execution', id from named where later in (select id from own_executions)),
    stays(kind, id, reason) as (
      select kind, id, reason from seeds
      union
      select ties.other_kind, ties.other, stays.reason from stays join ties on ties.kind = stays.kind and ties.id = stays.id)
    select cast(id as varchar) as id, min(reason) as reason from stays where kind = 'execution' group by id`.execute(db);
  return new Map(rows.map(({ id, reason }) => [id, reason]));
}
