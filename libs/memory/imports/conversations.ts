import { sql, type Transaction } from 'kysely';
import { contentId } from '#core';
import type { MemoryTables, MessageTable } from '../tables.js';
import { messageContent } from './canonical.js';
import { DERIVED, saidIn, type Said } from './derived.js';
import { idBatches } from './id-batches.js';
import type { SettleContext, Staged } from './staged.js';

const LOOKED_AT = [
  'id',
  'conversation_id',
  'sequence',
  'role',
  'original_value_sha256',
  'converted_value_sha256',
  'data_type',
  'response_error',
  'original_prompt_id',
] as const satisfies readonly (keyof MessageTable)[];

type LookedAt = Pick<MessageTable, (typeof LOOKED_AT)[number]>;

export interface Present {
  readonly id: string;
  readonly content: string;
  /** The message that it is a copy of, or its own id; null for one of this chunk, while that is not known. */
  readonly original: string | null;
}

/** A message of a conversation that is there. */
export interface Stored extends Present {
  readonly said: Said;
  /** Whether it was taken in without an id of its own. */
  readonly derived: boolean;
}

/** A conversation as one file has it. */
export interface Conversation {
  readonly id: string;
  readonly rows: readonly Staged<'message'>[];
  readonly derived: boolean;
  /** What the file has twice in it, id and all, with its first. */
  readonly repeats: readonly { readonly staged: Staged<'message'>; readonly first: Staged<'message'> }[];
  /** Where it goes when another conversation has its id, and the ids that its messages get there when theirs are taken. */
  readonly otherId: string;
  readonly otherIds: readonly string[];
}

export function conversationOf(all: readonly Staged<'message'>[]): Conversation {
  const id = all[0]?.unit ?? '';
  const firsts = new Map<string, Staged<'message'>>();
  const repeats: { staged: Staged<'message'>; first: Staged<'message'> }[] = [];
  for (const staged of all) {
    const key = `${staged.source_id} ${staged.content_hash}`;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, staged);
    else repeats.push({ staged, first });
  }
  const rows = [...firsts.values()];
  const otherId = contentId({ conversation: id, contents: rows.map(({ source_id, content_hash }) => [source_id, content_hash]) });
  const derived = rows.every(({ value }) => value.derived === true);
  return { id, rows, derived, repeats, otherId, otherIds: rows.map((_, position) => contentId({ conversation: otherId, position })) };
}

/** The messages that have an id that is asked for, by id; and those of the conversations, in order. */
export async function presentOf({ tx }: SettleContext, conversations: readonly Conversation[]) {
  if (conversations.length === 0) return { present: new Map<string, Present>(), stored: new Map<string, Stored[]>() };
  const named = conversations.flatMap(({ rows }) => rows.map(({ source_id }) => source_id ?? ''));
  const renamed = conversations.flatMap(({ otherIds }) => otherIds);
  const byId = [...(await messagesBy(tx, 'id', named)), ...(await messagesBy(tx, 'id', renamed))];
  const places = new Set(conversations.flatMap(({ id, otherId }) => [id, otherId]));
  const byPlace = await messagesBy(tx, 'conversation_id', [...places]);
  const toPresent = (row: (typeof byId)[number]): Present => ({
    id: row.id,
    content: messageContent(row),
    original: row.original_prompt_id,
  });
  // Of what this file has by its id, nobody has to know.
  const known = new Set(byId.map(({ id }) => id));
  const derived = await derivedAmong(
    tx,
    byPlace.map(({ id }) => id).filter((id) => !known.has(id)),
  );
  const stored = new Map<string, Stored[]>();
  for (const [id, rows] of Map.groupBy(byPlace, (row) => row.conversation_id))
    stored.set(
      id,
      rows.map((row) => ({ ...toPresent(row), said: saidIn(row), derived: derived.has(row.id) })),
    );
  return { present: new Map(byId.map((row) => [row.id, toPresent(row)])), stored };
}

/** The messages with these ids, or of these conversations, each of which is in order. Ids of conversations are given once each. */
async function messagesBy(tx: Transaction<MemoryTables>, column: 'id' | 'conversation_id', ids: readonly string[]): Promise<LookedAt[]> {
  const found: LookedAt[] = [];
  for (const batch of idBatches(ids)) {
    const rows = await tx.selectFrom('messages').select(LOOKED_AT).where(column, 'in', batch).orderBy('sequence').execute();
    for (const row of rows) found.push(row);
  }
  return found;
}

/** Which of these messages were taken in without ids of their own. */
async function derivedAmong(tx: Transaction<MemoryTables>, ids: readonly string[]): Promise<Set<string>> {
  const derived = new Set<string>();
  for (const batch of idBatches(ids)) {
    const { rows } = await sql<{ id: string }>`
      select cast(decided.id as varchar) as id from import_decisions as decided
      join import_rows as received on received.run_id = decided.run_id and received.key = decided.key
      where decided.noun = 'message' and decision = 'added' and decided.id in (${sql.join(batch)}) and starts_with(unit_sort, ${DERIVED})`.execute(
      tx,
    );
    for (const { id } of rows) derived.add(id);
  }
  return derived;
}

/** Sequences are given out by the tails of the store: another writer may have taken some that are not written yet. */
export async function learnTails(
  { tx, reservations: { tails } }: SettleContext,
  conversations: readonly Conversation[],
  stored: ReadonlyMap<string, readonly Stored[]>,
): Promise<void> {
  const ids = [...new Set(conversations.flatMap(({ id, otherId }) => [id, otherId]))];
  for (const id of ids) if (!stored.has(id) && !tails.knows(id)) tails.learn(id, -1);
  const unknown = ids.filter((id) => !tails.knows(id));
  if (unknown.length === 0) return;
  const lasts = await tx
    .selectFrom('messages')
    .select(({ fn }) => ['conversation_id', fn.max<number>('sequence').as('last')])
    .where('conversation_id', 'in', unknown)
    .groupBy('conversation_id')
    .execute();
  for (const { conversation_id, last } of lasts) tails.learn(conversation_id, last);
}
