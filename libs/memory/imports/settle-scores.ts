import { contentId, isUuid, type JsonObject } from '#core';
import type { ScoreTable } from '../tables.js';
import { rowHash, scoreContent } from './canonical.js';
import { messageKey, messagesTakenIn } from './ledger.js';
import { duplicate, provenanceOf, quarantined, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

const NO_MESSAGE = 'Its message did not come in with the same file, so nobody can say what it is a score of.';

/**
 * Decides on scores. A score hangs on the message that its file says, whatever that is called here, or on what that is a copy of; the same score of the
 * same message is there once. One that was made up carries `"synthetic": true` in its metadata.
 */
export async function settleScores({ tx }: SettleContext, sound: readonly Staged<'score'>[]): Promise<ChunkOutcome> {
  if (sound.length === 0) return { rulings: [], rows: {}, meant: [] };
  const files = [...new Set(sound.map(({ file }) => file))];
  const here = await messagesTakenIn(tx, files, [...new Set(sound.map(({ link }) => link ?? ''))]);
  const ids = [...new Set(here.values())];
  const messages =
    ids.length === 0
      ? []
      : await tx.selectFrom('messages').select(['id', 'original_prompt_id', 'execution_id', 'item_id']).where('id', 'in', ids).execute();
  const byId = new Map(messages.map((message) => [message.id, message]));
  const originals = [...new Set(messages.map((message) => message.original_prompt_id))];
  const present = originals.length === 0 ? [] : await tx.selectFrom('scores').selectAll().where('message_id', 'in', originals).execute();
  const known = new Map(present.map((score) => [`${score.message_id} ${contentOf(score)}`, score.id]));
  const taken = await takenIds(tx, sound);
  const rulings: Ruling[] = [];
  const rows: ScoreTable[] = [];
  const meant: Meant[] = [];
  for (const staged of sound) {
    const message = byId.get(here.get(messageKey(staged.file, staged.link ?? '')) ?? '');
    if (message === undefined) {
      rulings.push(quarantined(staged, NO_MESSAGE));
      continue;
    }
    const key = `${message.original_prompt_id} ${staged.content_hash}`;
    const twin = known.get(key);
    if (twin !== undefined) {
      rulings.push(duplicate(staged, twin));
      continue;
    }
    const { id: sourceId } = staged.value;
    const id = isUuid(sourceId) && !taken.has(sourceId) ? sourceId : contentId({ score: key, id: sourceId });
    const row = scoreRow(staged, id, message);
    const hash = rowHash(row);
    known.set(key, id);
    taken.add(id);
    rows.push(row);
    meant.push({ table: 'scores', id, hash, from: provenanceOf(staged) });
    rulings.push({ staged, decision: 'added', reason: null, id, rowHash: hash });
  }
  return { rulings, rows: { scores: rows }, meant };
}

async function takenIds(tx: SettleContext['tx'], sound: readonly Staged<'score'>[]): Promise<Set<string>> {
  const asked = sound.map(({ value }) => value.id).filter(isUuid);
  if (asked.length === 0) return new Set();
  return new Set((await tx.selectFrom('scores').select('id').where('id', 'in', asked).execute()).map(({ id }) => id));
}

function contentOf(score: ScoreTable): string {
  return scoreContent({ ...score, scorer: score.scorer_name, type: score.score_type });
}

function scoreRow(
  { value }: Staged<'score'>,
  id: string,
  message: { readonly original_prompt_id: string; readonly execution_id: string | null; readonly item_id: string | null },
): ScoreTable {
  const metadata: JsonObject = value.synthetic ? { ...value.metadata, synthetic: true } : value.metadata;
  return {
    id,
    message_id: message.original_prompt_id,
    scoring_run_id: null,
    execution_id: message.execution_id,
    item_id: message.item_id,
    scorer_id: null,
    scorer_name: value.scorerName,
    scorer_type: value.scorerType,
    scorer_version: value.scorerVersion,
    score_type: value.scoreType ?? 'true_false',
    value: value.value,
    category: value.category,
    rationale: value.rationale,
    metadata,
    scored_at: value.scoredAt,
  };
}
