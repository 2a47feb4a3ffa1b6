import { Pace } from '#core';
import { rowHash } from './canonical.js';
import { conversationsTakenIn, sourceKey, strangersAmong, takenIn } from './ledger.js';
import { PART_TABLES, type PartNoun } from './noun-tables.js';
import { namedIn, partHashes, partRow, placeKey, type PartRow } from './parts.js';
import { duplicate, provenanceOf, quarantined, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

const NO_EXECUTION = 'Its execution did not come in with the same file, so nobody can say what it is a part of.';
const OTHER = 'Its execution has another of the same key, with another content, which stays as it is.';

/**
 * Decides on the parts of executions of one noun. A part belongs to what the execution of its file became here, and names messages and conversations as
 * those of its file are here. Of the same key and the same content it is there once; of the same key and another content the first stays.
 */
export async function settleParts({ tx }: SettleContext, noun: PartNoun, sound: readonly Staged<PartNoun>[]): Promise<ChunkOutcome> {
  const table = PART_TABLES[noun];
  const files = [...new Set(sound.map(({ file }) => file))];
  const executions = await takenIn(tx, ['execution'], files, [...new Set(sound.map(({ link }) => link ?? ''))]);
  const named = sound.map(({ value }) => namedIn(noun, value));
  const messageIds = [...new Set(named.flatMap(({ messages }) => messages))];
  const conversationIds = [...new Set(named.flatMap(({ conversations }) => conversations))];
  const messages = await takenIn(tx, ['message'], files, messageIds);
  const conversations = await conversationsTakenIn(tx, files, conversationIds);
  // What an id means in a file that has no such message, nobody can say: it must not show somebody else's.
  const strangers = await strangersAmong(tx, messageIds, conversationIds);
  const rulings: Ruling[] = [];
  const homes = new Map<Staged, string>();
  for (const staged of sound) {
    const executionId = executions.get(sourceKey(staged.file, staged.link ?? ''));
    if (executionId === undefined) rulings.push(quarantined(staged, NO_EXECUTION));
    else homes.set(staged, executionId);
  }
  const places = [...homes].map(([{ source_id }, executionId]) => ({ executionId, key: source_id ?? '' }));
  const present = await partHashes(tx, table, places);
  const rows: PartRow[] = [];
  const meant: Meant[] = [];
  const pace = new Pace();
  for (const [staged, executionId] of homes) {
    await pace.step();
    const idFrom = (here: ReadonlyMap<string, string>, others: ReadonlySet<string>) => (id: string) =>
      here.get(sourceKey(staged.file, id)) ?? (others.has(id) ? null : id);
    const ids = {
      executionId,
      message: idFrom(messages, strangers.messages),
      conversation: idFrom(conversations, strangers.conversations),
    };
    const row = partRow(noun, staged.value as never, ids);
    const hash = rowHash(row);
    const key = staged.source_id ?? '';
    const place = placeKey({ executionId, key });
    const there = present.get(place);
    if (there !== undefined) {
      rulings.push(there === hash ? duplicate(staged, executionId) : quarantined(staged, OTHER));
      continue;
    }
    present.set(place, hash);
    rows.push(row);
    meant.push({ table, id: executionId, part: key, hash, from: provenanceOf(staged) });
    rulings.push({ staged, decision: 'added', reason: null, id: executionId, rowHash: hash });
  }
  return { rulings, rows: { [table]: rows }, meant };
}
