import { Pace } from '#core';
import { messageRows, type WholeMessage } from '../long-texts.js';
import { idHere, messageColumns, rowHash } from './canonical.js';
import { conversationOf, learnTails, presentOf, type Conversation, type Present, type Stored } from './conversations.js';
import { placeOfDerived, saidIn, saysTheSame } from './derived.js';
import { sourceKey, takenIn } from './ledger.js';
import { duplicate, provenanceOf, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

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
const NO_EXECUTION = 'Its execution did not come in with the same file: it belongs to none.';
const NO_ORIGINAL = 'The message that it was a copy of is not there: it stands for itself.';

/**
 * Decides on conversations, each as one file has it and as a whole:
 * - when all its messages are there, they are duplicates; of a derived one, when what it says is there, by whatever ids;
 * - when the memory has its beginning, what it lacks is put at the end;
 * - when the memory has another conversation of its id, it is kept whole under another id, and what both have is there as copies.
 * Ids stay where they are free. Links to originals follow the ids that the messages of the same file have got.
 */
export async function settleMessages(context: SettleContext, sound: readonly Staged<'message'>[]): Promise<ChunkOutcome> {
  const pace = new Pace();
  const conversations: Conversation[] = [];
  for (const rows of Map.groupBy(sound, ({ file, unit }) => `${file} ${unit}`).values()) {
    conversations.push(conversationOf(rows));
    await pace.step();
  }
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
    const isStray = Boolean(staged.value.executionId) && row.execution_id === null;
    const hash = rowHash(row);
    meant.push({ table: 'messages', id: row.id, hash, from: provenanceOf(staged) });
    rulings.push({
      staged,
      decision: 'added',
      reason: isUnlinked ? NO_ORIGINAL : (reason ?? (isStray ? NO_EXECUTION : null)),
      id: row.id,
      rowHash: hash,
    });
    await pace.step();
  }
  return { rulings, rows: messageRows(rows), meant };
}

function settleOne(
  { reservations }: SettleContext,
  conversation: Conversation,
  present: Map<string, Present>,
  stored: ReadonlyMap<string, readonly Stored[]>,
  rulings: Ruling[],
  added: Added[],
): void {
  const { id, rows, repeats, otherId, otherIds } = conversation;
  const ids = new Map<Staged, string>();
  const twins = rows.map((row, position) => twinOf(row, otherIds[position], present));
  const isThere = twins.every((twin) => twin !== null);
  const there = stored.get(id) ?? [];
  const from = derivedPlace(conversation, there);
  const shorter = there.slice(from, from + rows.length);
  const goesOn = shorter.every((message, position) => isSame(rows[position], message));
  const known = isThere ? twins : goesOn ? shorter : [];
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

/** Where in what is there a conversation begins: at its beginning, unless it was derived from a later stretch of it. */
function derivedPlace({ rows, derived }: Conversation, there: readonly Stored[]): number {
  if (!derived) return 0;
  const place = placeOfDerived(
    rows.map(({ value }) => saidIn(value)),
    there.map(({ said }) => said),
  );
  return Math.max(place, 0);
}

/** By its id too, so that whatever is taken in is found again under an id of its own; but not where one of them has none. */
function isSame(row: Staged<'message'> | undefined, { id, content, said, derived }: Stored): boolean {
  if (row === undefined) return false;
  if (row.source_id === id && row.content_hash === content) return true;
  if (row.value.derived) return saysTheSame(saidIn(row.value), said);
  return derived && saysTheSame(said, saidIn(row.value));
}

function twinOf(row: Staged<'message'>, otherId: string | undefined, present: ReadonlyMap<string, Present>): Present | null {
  // What is beside another conversation is its own there, even where that has the same message.
  for (const id of [otherId, row.source_id]) {
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
  for (const { staged, id } of rulings) if (id !== null) here.set(sourceKey(staged.file, staged.source_id ?? ''), id);
  for (const { staged, id } of added) here.set(sourceKey(staged.file, staged.source_id ?? ''), id);
  const linked = added.map(({ staged }) => staged).filter(({ link, source_id }) => link !== source_id);
  const elsewhere = linked.filter(({ file, link }) => !here.has(sourceKey(file, link ?? '')));
  const before = await takenIn(
    tx,
    ['message'],
    [...new Set(elsewhere.map(({ file }) => file))],
    elsewhere.map(({ link }) => link ?? ''),
  );
  const targets = elsewhere.map(({ file, link }) => before.get(sourceKey(file, link ?? '')) ?? link ?? '');
  const executions = await takenIn(
    tx,
    ['execution'],
    [...new Set(added.map(({ staged }) => staged.file))],
    [...new Set(added.flatMap(({ staged }) => staged.value.executionId ?? []).map(idHere))],
  );
  const found =
    targets.length === 0 ? [] : await tx.selectFrom('messages').select(['id', 'original_prompt_id']).where('id', 'in', targets).execute();
  const originals = new Map(found.map((row) => [row.id, row.original_prompt_id]));
  for (const { id, original } of present.values()) if (original !== null) originals.set(id, original);
  for (const { staged, id, copyOf } of added) if (copyOf !== null || staged.link === staged.source_id) originals.set(id, copyOf ?? id);
  return added.map(({ staged, id, conversationId, sequence }) => {
    const link = sourceKey(staged.file, staged.link ?? '');
    const target = here.get(link) ?? before.get(link) ?? staged.link ?? id;
    const { executionId, itemId } = staged.value;
    const execution_id = (executionId ? executions.get(sourceKey(staged.file, idHere(executionId))) : null) ?? null;
    return {
      id,
      conversation_id: conversationId,
      sequence,
      ...messageColumns(staged.value),
      original_prompt_id: originals.get(id) ?? originals.get(target) ?? id,
      execution_id,
      item_id: execution_id !== null && itemId ? idHere(itemId) : null,
    };
  });
}
