import { contentId, isUuid, type JsonObject, Pace } from '#core';
import type { ScoreTable } from '../tables.js';
import { idHere, rowHash, scoreContent } from './canonical.js';
import { sourceKey, takenIn } from './ledger.js';
import { duplicate, provenanceOf, quarantined, type ChunkOutcome, type Ruling, type SettleContext, type Staged } from './staged.js';
import type { Meant } from './verify.js';

const NO_MESSAGE = 'Its message did not come in with the same file, so nobody can say what it is a score of.';

/** What a score says, and where it belongs. */
type ScorePlace = Pick<ScoreTable, 'message_id' | 'scoring_run_id' | 'execution_id' | 'item_id' | 'scorer_id'>;

/**
 * Decides on scores. A score hangs on the message that its file says, whatever that is called here, or on what that is a copy of. The same score of the
 * same message is there once in each scoring run; one that names no run is the same as any. It belongs to the execution that it names, as that is here,
 * else to its message's. One that was made up carries `"synthetic": true` in its metadata.
 */
export async function settleScores({ tx }: SettleContext, sound: readonly Staged<'score'>[]): Promise<ChunkOutcome> {
  if (sound.length === 0) return { rulings: [], rows: {}, meant: [] };
  const files = [...new Set(sound.map(({ file }) => file))];
  const named = (id: (value: Staged<'score'>['value']) => string | null | undefined) => [
    ...new Set(sound.flatMap(({ value }) => id(value) ?? []).map(idHere)),
  ];
  const here = await takenIn(tx, ['message'], files, [...new Set(sound.map(({ link }) => link ?? ''))]);
  const executions = await takenIn(
    tx,
    ['execution'],
    files,
    named(({ executionId }) => executionId),
  );
  const scorers = await takenIn(
    tx,
    ['scorer'],
    files,
    named(({ scorerId }) => scorerId),
  );
  const ids = [...new Set(here.values())];
  const messages =
    ids.length === 0
      ? []
      : await tx.selectFrom('messages').select(['id', 'original_prompt_id', 'execution_id', 'item_id']).where('id', 'in', ids).execute();
  const byId = new Map(messages.map((message) => [message.id, message]));
  const originals = [...new Set(messages.map((message) => message.original_prompt_id))];
  const present = originals.length === 0 ? [] : await tx.selectFrom('scores').selectAll().where('message_id', 'in', originals).execute();
  const known = new Known(present);
  const taken = await takenIds(tx, sound);
  const rulings: Ruling[] = [];
  const rows: ScoreTable[] = [];
  const meant: Meant[] = [];
  const pace = new Pace();
  for (const staged of sound) {
    await pace.step();
    const message = byId.get(here.get(sourceKey(staged.file, staged.link ?? '')) ?? '');
    if (message === undefined) {
      rulings.push(quarantined(staged, NO_MESSAGE));
      continue;
    }
    const { executionId, itemId, scoringRunId, scorerId, id: sourceId } = staged.value;
    const inFile = (id: string) => sourceKey(staged.file, idHere(id));
    const home =
      executionId === undefined ? message.execution_id : executionId === null ? null : (executions.get(inFile(executionId)) ?? null);
    const place: ScorePlace = {
      message_id: message.original_prompt_id,
      scoring_run_id: scoringRunId ? idHere(scoringRunId) : null,
      execution_id: home,
      item_id: home === null ? null : itemId ? idHere(itemId) : home === message.execution_id ? message.item_id : null,
      scorer_id: scorerId ? (scorers.get(inFile(scorerId)) ?? idHere(scorerId)) : null,
    };
    const twin = known.twin(staged.content_hash, place);
    if (twin !== undefined) {
      rulings.push(duplicate(staged, twin));
      continue;
    }
    const { message_id, scoring_run_id, execution_id, item_id } = place;
    const made = scoring_run_id === null ? {} : { scoring_run_id, execution_id, item_id };
    const id =
      isUuid(sourceId) && !taken.has(sourceId)
        ? sourceId
        : contentId({ score: `${message_id} ${staged.content_hash}`, id: sourceId, ...made });
    const row = scoreRow(staged, id, place);
    const hash = rowHash(row);
    known.add(staged.content_hash, row);
    taken.add(id);
    rows.push(row);
    meant.push({ table: 'scores', id, hash, from: provenanceOf(staged) });
    rulings.push({ staged, decision: 'added', reason: null, id, rowHash: hash });
  }
  return { rulings, rows: { scores: rows }, meant };
}

/** The scores that are there, by what they say and where. */
class Known {
  readonly #ids = new Map<string, string>();

  constructor(present: readonly ScoreTable[]) {
    for (const score of present) this.add(scoreContent({ ...score, scorer: score.scorer_name, type: score.score_type }), score);
  }

  twin(content: string, place: ScorePlace): string | undefined {
    return this.#ids.get(place.scoring_run_id === null ? anywhere(content, place) : inRun(content, place));
  }

  add(content: string, score: ScorePlace & Pick<ScoreTable, 'id'>): void {
    this.#ids.set(inRun(content, score), score.id);
    const plain = anywhere(content, score);
    if (!this.#ids.has(plain)) this.#ids.set(plain, score.id);
  }
}

function anywhere(content: string, { message_id }: ScorePlace): string {
  return `${message_id} ${content}`;
}

function inRun(content: string, { message_id, scoring_run_id, execution_id, item_id }: ScorePlace): string {
  return `${message_id} ${scoring_run_id} ${execution_id} ${item_id} ${content}`;
}

async function takenIds(tx: SettleContext['tx'], sound: readonly Staged<'score'>[]): Promise<Set<string>> {
  const asked = sound.map(({ value }) => value.id).filter(isUuid);
  if (asked.length === 0) return new Set();
  return new Set((await tx.selectFrom('scores').select('id').where('id', 'in', asked).execute()).map(({ id }) => id));
}

function scoreRow({ value }: Staged<'score'>, id: string, place: ScorePlace): ScoreTable {
  const metadata: JsonObject | null = value.synthetic ? { ...value.metadata, synthetic: true } : value.metadata;
  return {
    id,
    ...place,
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
