import {
  uuidv7,
  type Exchange,
  type ExecutionEvent,
  type Generator,
  placeKey,
  type ItemProgress,
  type ItemScored,
  type Scorer,
  type ScorerPorts,
} from '#core';
import { attempt, isCutOff, type AttemptPorts } from './attempt.js';
import { reasonOf } from './reason.js';

/** A scorer, compiled, with the judge that it asks, if it asks one. */
export interface CompiledScorer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly score: Scorer;
  readonly judge: Generator | null;
}

/** The scores of an answer, or why there are none. All scorers or nothing: an item is scored once in a scoring run. */
export type Verdict =
  { readonly kind: 'scored'; readonly events: readonly ItemScored[] } | { readonly kind: 'unscored'; readonly reason: string };

/**
 * Judges one answer by all scorers. Judges are asked as attempts of the item, with retries and limits of their own; each scorer's questions are a
 * branch of their own.
 * @param carried what is true of the item but not posted yet: a judge's intent takes it along, so the answer is durable before it is judged by
 * another model; what came of the judges is left there for the caller to journal with the verdict.
 * @throws something for which `isCutOff` holds when the execution was told to end.
 */
export async function judge(
  { item, judged }: ItemProgress,
  exchange: Exchange,
  scorers: readonly CompiledScorer[],
  scoringRunId: string,
  ports: AttemptPorts,
  carried: ExecutionEvent[],
): Promise<Verdict> {
  const subject = { response: exchange.response, prompt: exchange.original, convertedPrompt: exchange.converted };
  const events: ItemScored[] = [];
  for (const [branch, scorer] of scorers.entries()) {
    try {
      const score = await scorer.score(subject, { signal: ports.abort, judge: askJudge(item.id, branch, scorer, judged, ports, carried) });
      const { id, name, type, version } = scorer;
      events.push({
        kind: 'item-scored',
        scoreId: uuidv7(),
        itemId: item.id,
        messageId: exchange.responseId,
        scoringRunId,
        scorer: { id, name, type, version },
        at: ports.clock.now(),
        score,
      });
    } catch (error) {
      if (isCutOff(error, ports)) throw error;
      return { kind: 'unscored', reason: `Not scored by '${scorer.name}': ${reasonOf(error, 'The scorer')}` };
    }
  }
  return { kind: 'scored', events };
}

function askJudge(
  itemId: string,
  branch: number,
  scorer: CompiledScorer,
  judged: ItemProgress['judged'],
  ports: AttemptPorts,
  carried: ExecutionEvent[],
): ScorerPorts['judge'] {
  let turn = 0;
  return async (messages) => {
    if (!scorer.judge) throw new TypeError(`The scorer type '${scorer.type}' asks a judge without having one.`);
    const earlier = judged[placeKey(turn, branch)] ?? 0;
    const spec = { itemId, purpose: 'judge', turn: turn++, branch, earlier, messages, carried } as const;
    const { attemptId, reply, latencyMs, at } = await attempt(scorer.judge, spec, ports);
    const { finishReason, usage } = reply;
    const blocked = reply.kind === 'blocked';
    carried.push({ kind: 'attempt-answered', attemptId, itemId, at, blocked, latencyMs, finishReason, usage, exchange: null });
    return reply;
  };
}
