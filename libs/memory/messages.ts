import { sql, type RawBuilder, type SqlBool, type Transaction } from 'kysely';
import { NotFound, stretchOf, type Role, type Stretch } from '#core';
import { exchangedBy, isImported } from './exchanged.js';
import { TEXT_COLUMNS, textLength, withWholeTexts, type Message, type Whole } from './long-texts.js';
import type { MemoryTables, MessageTable } from './tables.js';

/** All that are given must hold. An empty list of ids finds nothing. Every value, and every key of labels and metadata, is bound, never spliced. */
export interface MessageFilter {
  readonly ids?: readonly string[];
  readonly conversationId?: string;
  /** Of an imported execution also what the memory had already of what it said. */
  readonly executionId?: string;
  readonly role?: Role;
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
  readonly sentAfter?: string;
  readonly sentBefore?: string;
  readonly originalValueSha256?: string;
  readonly convertedValueSha256?: string;
}

/** The place of a message in the order of lists: conversations by their first id, messages by sequence. */
export interface MessageCursor {
  readonly conversationId: string;
  readonly sequence: number;
}

/** What a result needs of a message: all columns would take half as long again to read. */
const EXCHANGED = ['id', 'conversation_id', ...TEXT_COLUMNS] as const satisfies readonly (keyof MessageTable)[];

export type ExchangedMessage = Pick<MessageTable, (typeof EXCHANGED)[number]>;

export class MessageReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  /**
   * Messages that fit, the messages of a conversation together and in order; conversations by id, which for ours is by their beginning.
   * @param after the last message of the page before.
   */
  async page(filter: MessageFilter, limit: number, after: MessageCursor | null = null): Promise<Stretch<Message>> {
    const { rows, more } = stretchOf(await this.#beginnings(filter, limit + 1, after), limit, textLength);
    return { rows: await withWholeTexts(this.db, rows), more };
  }

  /** The same, however long they are together: for a few. */
  async list(filter: MessageFilter, limit: number): Promise<Message[]> {
    return withWholeTexts(this.db, await this.#beginnings(filter, limit, null));
  }

  async #beginnings(filter: MessageFilter, limit: number, after: MessageCursor | null): Promise<MessageTable[]> {
    if (filter.ids?.length === 0) return [];
    let query = this.db.selectFrom('messages').selectAll().orderBy('conversation_id').orderBy('sequence').orderBy('id').limit(limit);
    if (filter.ids) query = query.where('id', 'in', filter.ids);
    if (filter.conversationId !== undefined) query = query.where('conversation_id', '=', filter.conversationId);
    if (filter.executionId !== undefined) query = query.where(await ofExecution(this.db, filter.executionId));
    if (filter.role !== undefined) query = query.where('role', '=', filter.role);
    if (filter.sentAfter !== undefined) query = query.where('sent_at', '>=', filter.sentAfter);
    if (filter.sentBefore !== undefined) query = query.where('sent_at', '<=', filter.sentBefore);
    if (filter.originalValueSha256 !== undefined) query = query.where('original_value_sha256', '=', filter.originalValueSha256);
    if (filter.convertedValueSha256 !== undefined)
      query = query.where(sql`coalesce(converted_value_sha256, original_value_sha256)`, '=', filter.convertedValueSha256);
    for (const [key, value] of Object.entries(filter.labels ?? {})) query = query.where(member('labels', key), '=', value);
    for (const [key, value] of Object.entries(filter.metadata ?? {})) query = query.where(member('metadata', key), '=', String(value));
    if (after) {
      query = query.where((eb) =>
        eb.or([
          eb('conversation_id', '>', after.conversationId),
          eb.and([eb('conversation_id', '=', after.conversationId), eb('sequence', '>', after.sequence)]),
        ]),
      );
    }
    return query.execute();
  }

  async find(id: string): Promise<Message | null> {
    const [found] = await this.list({ ids: [id] }, 1);
    return found ?? null;
  }

  /** @throws NotFound */
  async get(id: string): Promise<Message> {
    const found = await this.find(id);
    if (!found) throw new NotFound('message', id);
    return found;
  }

  /** A whole conversation, in order. @throws NotFound */
  async conversation(conversationId: string): Promise<Message[]> {
    const messages = await this.db
      .selectFrom('messages')
      .selectAll()
      .where('conversation_id', '=', conversationId)
      .orderBy('sequence')
      .execute();
    if (messages.length === 0) throw new NotFound('conversation', conversationId);
    return withWholeTexts(this.db, messages);
  }

  /** A conversation up to a message of it, that included, in order; nothing when either is not there. */
  async upTo(conversationId: string, messageId: string): Promise<Message[]> {
    const messages = await this.list({ conversationId }, Number.MAX_SAFE_INTEGER);
    return messages.slice(0, messages.findIndex(({ id }) => id === messageId) + 1);
  }

  /** The last sequence of each conversation that has messages. */
  async tails(conversationIds: readonly string[]): Promise<Map<string, number>> {
    if (conversationIds.length === 0) return new Map();
    const rows = await this.db
      .selectFrom('messages')
      .select(({ fn }) => ['conversation_id', fn.max<number>('sequence').as('last')])
      .where('conversation_id', 'in', conversationIds)
      .groupBy('conversation_id')
      .execute();
    return new Map(rows.map((row) => [row.conversation_id, row.last]));
  }

  /** The greatest id among the conversations whose ids grow with time (UUID version 7), or null. */
  async newestConversation(): Promise<string | null> {
    const greatest = this.db.selectFrom('messages').select('conversation_id').orderBy('conversation_id', 'desc').limit(1);
    const first = await greatest.executeTakeFirst();
    if (!first || first.conversation_id[14] === '7') return first?.conversation_id ?? null;
    // Ids of other versions, as imported ones have, can be greater than any of ours; looking at each is slower.
    const newest = await greatest.where(sql<string>`substr(cast(conversation_id as varchar), 15, 1)`, '=', '7').executeTakeFirst();
    return newest?.conversation_id ?? null;
  }

  /** Some messages by id, in no order; of long texts only the beginnings. */
  async exchanged(ids: readonly string[]): Promise<ExchangedMessage[]> {
    if (ids.length === 0) return [];
    return this.db.selectFrom('messages').select(EXCHANGED).where('id', 'in', ids).execute();
  }

  /** The same messages with their whole texts. */
  whole(messages: readonly ExchangedMessage[]): Promise<Whole<ExchangedMessage>[]> {
    return withWholeTexts(this.db, messages);
  }
}

/** The journal is asked only where it can say more: its messages are not looked for in a few places then, but in all. */
async function ofExecution(db: Transaction<MemoryTables>, executionId: string): Promise<RawBuilder<SqlBool>> {
  const own = sql<SqlBool>`execution_id = ${executionId}`;
  if (!(await isImported(db, executionId))) return own;
  return sql<SqlBool>`(${own} or id in (${exchangedBy(executionId)}))`;
}

/** A member of a JSON column as text, its key bound as data whatever characters it has. */
function member(column: 'labels' | 'metadata', key: string) {
  return sql<string>`json_extract_string(${sql.ref(column)}, ${`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`})`;
}
