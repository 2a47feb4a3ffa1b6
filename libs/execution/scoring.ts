import {
  GeneratorError,
  UnreadableVerdict,
  uuidv7,
  type Exchange,
  type ExecutionEvent,
  type Generator,
  type Item,
  type ItemScored,
  type Scorer,
} from '#core';
import { attempt, type AttemptPorts } from './attempt.js';

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

/** Judges one answer by all scorers. Judges are asked as attempts of the item, with retries and limits of their own. */
export async function judge(
  item: Item,
  exchange: Exchange,
  scorers: readonly CompiledScorer[],
  scoringRunId: string,
  ports: AttemptPorts,
): Promise<Verdict> {
  const subject = { response: exchange.response, prompt: exchange.original, convertedPrompt: exchange.converted };
  const events: ItemScored[] = [];
  for (const scorer of scorers) {
    try {
      const score = await scorer.score(subject, { signal: ports.abort, judge: askJudge(item, scorer, ports) });
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
      if (ports.abort.aborted) throw error;
      return { kind: 'unscored', reason: `Not scored by '${scorer.name}': ${reasonOf(error)}` };
    }
  }
  return { kind: 'scored', events };
}

function askJudge(item: Item, scorer: CompiledScorer, ports: AttemptPorts) {
  let turn = 0;
  const carried: ExecutionEvent[] = [];
  return async (messages: Parameters<Parameters<Scorer>[1]['judge']>[0]) => {
    if (!scorer.judge) throw new TypeError(`The scorer type '${scorer.type}' asks a judge without having one.`);
    const spec = { itemId: item.id, purpose: 'judge', turn: turn++, branch: 0, earlier: 0, messages, carried } as const;
    const { attemptId, reply, latencyMs, at } = await attempt(scorer.judge, spec, ports).catch(async (error: unknown) => {
      await ports.post(carried.splice(0));
      throw error;
    });
    const { finishReason, usage } = reply;
    const answered: ExecutionEvent = {
      kind: 'attempt-answered',
      attemptId,
      itemId: item.id,
      at,
      blocked: reply.kind === 'blocked',
      latencyMs,
      finishReason,
      usage,
      exchange: null,
    };
    await ports.post([answered]);
    return reply;
  };
}

/** Why a scorer failed. Its own words are kept only where they are known to quote nothing. */
function reasonOf(error: unknown): string {
  if (error instanceof GeneratorError || error instanceof UnreadableVerdict) return error.message;
  return `the scorer failed unexpectedly (${error instanceof Error ? error.name : typeof error})`;
}
