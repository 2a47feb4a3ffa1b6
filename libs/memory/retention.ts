import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Reservations } from './conversation-tails.js';
import { FINAL_STATES } from './executions.js';
import type { MemoryTables } from './tables.js';

/** What is older may be removed; null: nothing is. Moments, ISO 8601 UTC. */
export interface RetentionLimits {
  /** By when executions ended. */
  readonly executionsBefore: string | null;
  /** By when the last message of a conversation was written that belongs to no execution. */
  readonly conversationsBefore: string | null;
}

/** How much that is. */
export interface Expired {
  readonly executions: number;
  readonly conversations: number;
  /** Of both. */
  readonly messages: number;
}

/**
 * What has been kept for long enough. Never what has not ended, and never what an import brought: that is accounted for row by row, and is taken back by
 * undoing the import. Of conversations, not those that copies still show the scores of.
 */
export class RetentionReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  async count(limits: RetentionLimits): Promise<Expired> {
    const { rows } = await sql<Expired>`
      with gone_executions as (${executions(limits.executionsBefore)}), gone_conversations as (${conversations(limits.conversationsBefore)})
      select (select count(*) from gone_executions) as executions, (select count(*) from gone_conversations) as conversations,
        (select count(*) from messages where execution_id in (select id from gone_executions)
          or conversation_id in (select conversation_id from gone_conversations)) as messages`.execute(this.db);
    return rows[0] ?? { executions: 0, conversations: 0, messages: 0 };
  }

  /** Up to `most` executions, the oldest first; none while stored answers are being scored, which may be theirs. */
  async executions(before: string, most: number): Promise<readonly string[]> {
    const { rows } = await sql<{ id: string }>`
      select cast(id as varchar) as id from (${executions(before)}) as gone
      where not exists (select 1 from executions as scoring where scoring.state not in (${sql.join(FINAL_STATES)})
        and cast(scoring.plan as varchar) like '%"kind":"answers"%')
      order by id limit ${most}`.execute(this.db);
    return rows.map(({ id }) => id);
  }

  /** Up to `most` conversations. */
  async conversations(before: string, most: number): Promise<readonly string[]> {
    const { rows } = await sql<{ id: string }>`
      select cast(conversation_id as varchar) as id from (${conversations(before)}) as gone order by id limit ${most}`.execute(this.db);
    return rows.map(({ id }) => id);
  }
}

export class RetentionWriter extends RetentionReader {
  constructor(
    private readonly tx: Transaction<MemoryTables>,
    private readonly reservations: Reservations,
  ) {
    super(tx);
  }

  /** Removes up to `most` conversations with their scores. @returns how many. */
  async removeConversations(before: string, most: number): Promise<number> {
    const ids = await this.conversations(before, most);
    if (ids.length === 0) return 0;
    const messages = this.tx.selectFrom('messages').select('id').where('conversation_id', 'in', ids);
    await this.tx.deleteFrom('scores').where('message_id', 'in', messages).execute();
    await this.tx.deleteFrom('long_texts').where('message_id', 'in', messages).execute();
    await this.tx.deleteFrom('messages').where('conversation_id', 'in', ids).execute();
    this.reservations.deletes();
    return ids.length;
  }
}

function executions(before: string | null): RawBuilder<unknown> {
  if (before === null) return sql`select id from executions where false`;
  return sql`select id from executions where finished_at < ${before} and state in (${sql.join(FINAL_STATES)})
    and id not in (${imported('execution')})`;
}

function conversations(before: string | null): RawBuilder<unknown> {
  if (before === null) return sql`select conversation_id from messages where false`;
  return sql`select conversation_id from messages group by conversation_id
    having max(sent_at) < ${before} and count(execution_id) = 0 and not bool_or(id in (${imported('message')}))
      and conversation_id not in (select original.conversation_id from messages as copy join messages as original
        on original.id = copy.original_prompt_id where copy.conversation_id <> original.conversation_id)`;
}

function imported(noun: 'execution' | 'message'): RawBuilder<unknown> {
  return sql`select decided.id from import_decisions as decided
    where decided.noun = ${noun} and decided.decision in ('added', 'renamed') and decided.id is not null
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)`;
}
