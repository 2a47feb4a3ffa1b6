import { contentId } from '#core';
import { messageRows, type WholeMessage } from '../long-texts.js';
import type { MessageTable } from '../tables.js';
import { messageColumns, messageContent, rowHash } from './canonical.js';
import { messageKey, messagesTakenIn } from './ledger.js';
import { duplicate, provenanceOf, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

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

interface Present {
  readonly id: string;
  readonly content: string;
  /** The message that it is a copy of, or its own id; null for one of this chunk, while that is not known. */
  readonly original: string | null;
}

/** A conversation as one file has it. */
interface Conversation {
  readonly id: string;
  readonly rows: readonly Staged<'message'>[];
  /** What the file has twice in it, id and all, with its first. */
  readonly repeats: readonly { readonly staged: Staged<'message'>; readonly first: Staged<'message'> }[];
  /** Where it goes when another conversation has its id, and the ids that its messages get there when theirs are taken. */
  readonly otherId: string;
  readonly otherIds: readonly string[];
}

interface Added {
  readonly staged: Staged<'message'>;
  readonly id: string;
  readonly conversationId: string;
  readonly sequence: number;
  /** What it is a copy of, when the memory has the same message already in another conversation. */
  readonly copyOf: string | null;
  readonly reason: string | null;
}

const DIVERGED = 'The memory has a conversation of that id that goes on otherwise: this one is beside it, under an id of its own.';
const NO_ORIGINAL = 'The message that it was a copy of is not there: it stands for itself.';

/**
 * Decides on conversations, each as one file has it and as a whole:
 * - when all its messages are there, they are duplicates;
 * - when the memory has its beginning, what it lacks is put at the end;
 * - when the memory has another conversation of its id, it is kept whole under another id, and what both have is there as copies.
 * Ids stay where they are free. Links to originals follow the ids that the messages of the same file have got.
 */
export async function settleMessages(context: SettleContext, sound: readonly Staged<'message'>[]): Promise<ChunkOutcome> {
  const conversations = [...Map.groupBy(sound, ({ file, unit }) => `${file} ${unit}`).values()].map(conversationOf);
  const { present, stored } = await presentOf(context, conversations);
  await learnTails(context, conversations, stored);
  const rulings: Ruling[] = [];
  const added: Added[] = [];
  for (const conversation of conversations) settleOne(context, conversation, present, stored, rulings, added);
  const rows = await wholeMessages(context, added, rulings, present);
  const meant: Meant[] = [];
  for (const [index, row] of rows.entries()) {
    const { staged, reason } = added[index] as Added;
    const isUnlinked = staged.link !== staged.source_id && row.original_prompt_id === row.id;
    const hash = rowHash(row);
    meant.push({ table: 'messages', id: row.id, hash, from: provenanceOf(staged) });
    rulings.push({ staged, decision: 'added', reason: isUnlinked ? NO_ORIGINAL : reason, id: row.id, rowHash: hash });
  }
  return { rulings, rows: messageRows(rows), meant };
}

function conversationOf(all: readonly Staged<'message'>[]): Conversation {
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
  return { id, rows, repeats, otherId, otherIds: rows.map((_, position) => contentId({ conversation: otherId, position })) };
}

/** The messages that have an id that is asked for, by id; and those of the conversations, in order. */
async function presentOf({ tx }: SettleContext, conversations: readonly Conversation[]) {
  if (conversations.length === 0) return { present: new Map<string, Present>(), stored: new Map<string, Present[]>() };
  const ids = conversations.flatMap(({ rows, otherIds }) => [...rows.map(({ source_id }) => source_id ?? ''), ...otherIds]);
  const places = conversations.flatMap(({ id, otherId }) => [id, otherId]);
  const byId = await tx.selectFrom('messages').select(LOOKED_AT).where('id', 'in', ids).execute();
  const byPlace = await tx.selectFrom('messages').select(LOOKED_AT).where('conversation_id', 'in', places).orderBy('sequence').execute();
  const toPresent = (row: (typeof byId)[number]): Present => ({
    id: row.id,
    content: messageContent(row),
    original: row.original_prompt_id,
  });
  const stored = new Map<string, Present[]>();
  for (const [id, rows] of Map.groupBy(byPlace, (row) => row.conversation_id)) stored.set(id, rows.map(toPresent));
  return { present: new Map(byId.map((row) => [row.id, toPresent(row)])), stored };
}

/** Sequences are given out by the tails of the store: another writer may have taken some that are not written yet. */
async function learnTails(
  { tx, reservations: { tails } }: SettleContext,
  conversations: readonly Conversation[],
  stored: ReadonlyMap<string, readonly Present[]>,
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

function settleOne(
  { reservations }: SettleContext,
  conversation: Conversation,
  present: Map<string, Present>,
  stored: ReadonlyMap<string, readonly Present[]>,
  rulings: Ruling[],
  added: Added[],
): void {
  const { id, rows, repeats, otherId, otherIds } = conversation;
  const ids = new Map<Staged, string>();
  const twins = rows.map((row, position) => twinOf(row, otherIds[position], present));
  const isThere = twins.every((twin) => twin !== null);
  const there = stored.get(id) ?? [];
  const goesOn = there.length <= rows.length && there.every((message, position) => isSame(rows[position], message));
  const known = isThere ? twins : goesOn ? there : [];
  for (const [position, row] of rows.slice(0, known.length).entries()) {
    ids.set(row, known[position]?.id ?? '');
    rulings.push(duplicate(row, known[position]?.id ?? ''));
  }
  const fresh = rows.slice(known.length);
  const conversationId = goesOn ? id : otherId;
  const first = reservations.reserve(conversationId, fresh.length);
  for (const [index, staged] of fresh.entries()) {
    const holder = present.get(staged.source_id ?? '');
    const newId = (holder === undefined ? staged.source_id : otherIds[known.length + index]) ?? '';
    const copyOf = holder?.content === staged.content_hash ? holder.original : null;
    present.set(newId, { id: newId, content: staged.content_hash, original: copyOf });
    ids.set(staged, newId);
    added.push({ staged, id: newId, conversationId, sequence: first + index, copyOf, reason: goesOn ? null : DIVERGED });
  }
  rulings.push(...repeats.map((repeat) => duplicate(repeat.staged, ids.get(repeat.first) ?? '', 'Its conversation has it twice.')));
}

/** By its id too: then whatever is taken in is found again under an id of its own. */
function isSame(row: Staged<'message'> | undefined, { id, content }: Present): boolean {
  return row?.source_id === id && row.content_hash === content;
}

function twinOf(row: Staged<'message'>, otherId: string | undefined, present: ReadonlyMap<string, Present>): Present | null {
  for (const id of [row.source_id, otherId]) {
    const found = present.get(id ?? '');
    if (found?.content === row.content_hash) return found;
  }
  return null;
}

/** The rows to write, with the links to originals as they are here. */
async function wholeMessages(
  { tx }: SettleContext,
  added: readonly Added[],
  rulings: readonly Ruling[],
  present: ReadonlyMap<string, Present>,
): Promise<WholeMessage[]> {
  const here = new Map<string, string>();
  for (const { staged, id } of rulings) if (id !== null) here.set(messageKey(staged.file, staged.source_id ?? ''), id);
  for (const { staged, id } of added) here.set(messageKey(staged.file, staged.source_id ?? ''), id);
  const linked = added.map(({ staged }) => staged).filter(({ link, source_id }) => link !== source_id);
  const elsewhere = linked.filter(({ file, link }) => !here.has(messageKey(file, link ?? '')));
  const before = await messagesTakenIn(
    tx,
    [...new Set(elsewhere.map(({ file }) => file))],
    elsewhere.map(({ link }) => link ?? ''),
  );
  const targets = elsewhere.map(({ file, link }) => before.get(messageKey(file, link ?? '')) ?? link ?? '');
  const found =
    targets.length === 0 ? [] : await tx.selectFrom('messages').select(['id', 'original_prompt_id']).where('id', 'in', targets).execute();
  const originals = new Map(found.map((row) => [row.id, row.original_prompt_id]));
  for (const { id, original } of present.values()) if (original !== null) originals.set(id, original);
  for (const { staged, id, copyOf } of added) if (copyOf !== null || staged.link === staged.source_id) originals.set(id, copyOf ?? id);
  return added.map(({ staged, id, conversationId, sequence }) => {
    const link = messageKey(staged.file, staged.link ?? '');
    const target = here.get(link) ?? before.get(link) ?? staged.link ?? id;
    return {
      id,
      conversation_id: conversationId,
      sequence,
      ...messageColumns(staged.value),
      original_prompt_id: originals.get(id) ?? originals.get(target) ?? id,
      execution_id: null,
      item_id: null,
    };
  });
}
