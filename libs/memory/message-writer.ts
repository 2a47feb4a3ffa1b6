import type { Transaction } from 'kysely';
import { Conflict, InvalidInput, isUuid, NotFound, sha256, uuidv7, type JsonObject, type Role } from '#core';
import type { Reservations } from './conversation-tails.js';
import { messageRows, type Message, type WholeMessage } from './long-texts.js';
import { MessageReader } from './messages.js';
import type { MemoryTables, MessageTable } from './tables.js';

export interface MessageDraft {
  readonly role: Role;
  readonly originalValue: string;
  readonly convertedValue?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: JsonObject;
}

/** A row for a message; the sequence is the store's to give. */
function messageRow(draft: MessageDraft, conversationId: string, sequence: number): WholeMessage {
  const converted = draft.convertedValue ?? draft.originalValue;
  const id = uuidv7();
  return {
    id,
    conversation_id: conversationId,
    sequence,
    role: draft.role,
    sent_at: new Date().toISOString(),
    original_value: draft.originalValue,
    original_value_sha256: sha256(draft.originalValue),
    converted_value: converted,
    converted_value_sha256: sha256(converted),
    data_type: 'text',
    response_error: 'none',
    labels: draft.labels ?? {},
    metadata: draft.metadata ?? {},
    original_prompt_id: id,
    execution_id: null,
    item_id: null,
  };
}

export class MessageWriter extends MessageReader {
  constructor(
    private readonly tx: Transaction<MemoryTables>,
    private readonly reservations: Reservations,
  ) {
    super(tx);
  }

  /**
   * Adds messages to the end of a conversation, which begins with the first.
   * @throws InvalidInput for an empty message, none at all, or a conversation id that is no lower-case UUID.
   */
  async add(conversationId: string, drafts: readonly MessageDraft[]): Promise<Message[]> {
    if (!isUuid(conversationId)) throw new InvalidInput('A conversation is named by a UUID in lower case.');
    if (drafts.length === 0) throw new InvalidInput('There is no message to add.');
    if (drafts.some((draft) => (draft.convertedValue ?? draft.originalValue) === ''))
      throw new InvalidInput('A message must not be empty.');
    const first = await this.#reserve(conversationId, drafts.length);
    const wholes = drafts.map((draft, index) => messageRow(draft, conversationId, first + index));
    const rows = await this.#insert(wholes);
    return wholes.map((whole, index) => ({ ...(rows[index] as MessageTable), ...whole }));
  }

  /**
   * Copies a conversation: new ids, one new conversation, the same `original_prompt_id`s, so that scores show through and are never copied.
   * @param withoutLastTurn leaves out the last request with its answer, or a request that has none.
   * @returns the id of the new conversation, which has no message when nothing was left to copy. @throws NotFound
   */
  async duplicate(conversationId: string, withoutLastTurn = false): Promise<string> {
    const messages = await this.conversation(conversationId);
    const last = messages.at(-1);
    const turns = last?.role === 'assistant' ? 2 : 1;
    const kept = withoutLastTurn ? messages.filter((message) => message.sequence <= (last?.sequence ?? 0) - turns) : messages;
    const copyId = uuidv7();
    if (kept.length === 0) return copyId;
    this.reservations.tails.learn(copyId, -1);
    this.reservations.reserve(copyId, kept.length);
    // A copy is nobody's answer: it belongs to no item, or an execution would count it.
    const place = { conversation_id: copyId, execution_id: null, item_id: null };
    await this.#insert(kept.map((message, sequence) => ({ ...message, ...place, id: uuidv7(), sequence })));
    return copyId;
  }

  /** Replaces the labels of a whole conversation. @throws NotFound */
  async setLabels(conversationId: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const { numUpdatedRows } = await this.tx
      .updateTable('messages')
      .set({ labels })
      .where('conversation_id', '=', conversationId)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw new NotFound('conversation', conversationId);
  }

  /** Deletes a conversation with its scores, unless a copy still shows them. @throws NotFound, Conflict */
  async deleteConversation(conversationId: string): Promise<void> {
    const messages = await this.conversation(conversationId);
    const ids = messages.map((message) => message.id);
    const copy = await this.tx
      .selectFrom('messages')
      .select('id')
      .where('original_prompt_id', 'in', ids)
      .where('conversation_id', '!=', conversationId)
      .executeTakeFirst();
    if (copy) throw new Conflict('Copies of this conversation still refer to it. Delete them first.');
    await this.tx.deleteFrom('scores').where('message_id', 'in', ids).execute();
    await this.tx.deleteFrom('long_texts').where('message_id', 'in', ids).execute();
    await this.tx.deleteFrom('messages').where('conversation_id', '=', conversationId).execute();
    this.reservations.deletes();
  }

  async #insert(wholes: readonly WholeMessage[]): Promise<MessageTable[]> {
    const { messages, long_texts } = messageRows(wholes);
    await this.tx.insertInto('messages').values(messages).execute();
    if (long_texts.length > 0) await this.tx.insertInto('long_texts').values(long_texts).execute();
    return messages;
  }

  async #reserve(conversationId: string, count: number): Promise<number> {
    const { tails } = this.reservations;
    if (!tails.knows(conversationId)) tails.learn(conversationId, (await this.tails([conversationId])).get(conversationId) ?? -1);
    return this.reservations.reserve(conversationId, count);
  }
}
