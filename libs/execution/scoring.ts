import {
  uuidv7,
  type Exchange,
  type ExecutionEvent,
  type Generator,
  type Item,
  type ItemScored,
  type Scorer,
  type ScorerPorts,
} from '#core';
import { attempt, isCutOff, type AttemptPorts } from './attempt.js';
import type { Past } from './past.js';
import { reasonOf } from './reason.js';

/** A scorer, compiled, with the judge that it asks, if it asks one. */
export interface CompiledScorer {
  /** Null for one that nobody configured: a strategy's own. */
  readonly id: string | null;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly score: Scorer;
  readonly judge: Generator | null;
}

/** The scores of an answer, or why there are none. All scorers or nothing: an item is scored once in a scoring run. */
export type Verdict =
  { readonly kind: 'scored'; readonly events: readonly ItemScored[] } | { readonly kind: 'unscored'; readonly reason: string };

/** How a scorer's questions to its judge are journaled. */
interface Asking {
  /** Each scorer's questions are a branch of their own. */
  readonly branch: number;
  readonly firstTurn: number;
  readonly past: Past;
  readonly ports: AttemptPorts;
  readonly carried: ExecutionEvent[];
}

/**
 * Judges one answer by all scorers. Judges are asked as attempts of the item, with retries and limits of their own.
 * @param known what a scorer has said of the answer already: it is not asked again.
 * @param carried what is true of the item but not posted yet: a judge's intent takes it along, so the answer is durable before it is judged by
 * another model; what came of the judges is left there for the caller to journal with the verdict.
 * @throws something for which `isCutOff` holds when the execution was told to end.
 */
export async function judge(
  item: Item,
  exchange: Exchange,
  scorers: readonly CompiledScorer[],
  scoringRunId: string,
  { past, ports, carried }: Omit<Asking, 'branch' | 'firstTurn'>,
  known: (scorer: CompiledScorer) => boolean = () => false,
): Promise<Verdict> {
  const events: ItemScored[] = [];
  for (const [branch, scorer] of scorers.entries()) {
    if (known(scorer)) continue;
    try {
      events.push(await scoreOnce(item, exchange, scorer, scoringRunId, { branch, firstTurn: 0, past, ports, carried }));
    } catch (error) {
      if (isCutOff(error, ports)) throw error;
      return { kind: 'unscored', reason: `Not scored by '${scorer.name}': ${reasonOf(error, 'The scorer')}` };
    }
  }
  return { kind: 'scored', events };
}

/** What one scorer says of an answer. @throws whatever the scorer throws */
export async function scoreOnce(
  item: Item,
  exchange: Exchange,
  scorer: CompiledScorer,
  scoringRunId: string,
  asking: Asking,
): Promise<ItemScored> {
  const { id, name, type, version } = scorer;
  const itemId = item.id;
  const subject = { response: exchange.response, objective: item.value, prompt: exchange.original, convertedPrompt: exchange.converted };
  const score = await scorer.score(subject, { signal: asking.ports.abort, judge: askJudge(itemId, scorer, asking) });
  return {
    kind: 'item-scored',
    scoreId: uuidv7(),
    itemId,
    messageId: exchange.responseId,
    scoringRunId,
    scorer: { id, name, type, version },
    at: asking.ports.clock.now(),
    score,
  };
}

function askJudge(itemId: string, scorer: CompiledScorer, { branch, firstTurn, past, ports, carried }: Asking): ScorerPorts['judge'] {
  let turn = firstTurn;
  return async (messages) => {
    if (!scorer.judge) throw new TypeError(`The scorer type '${scorer.type}' asks a judge without having one.`);
    const place = { branch, turn: turn++ };
    const spec = { itemId, purpose: 'judge', ...place, earlier: past.tries('judge', place), messages, carried } as const;
    const { attemptId, reply, latencyMs, at } = await attempt(scorer.judge, spec, ports);
    const { finishReason, usage } = reply;
    const blocked = reply.kind === 'blocked';
    carried.push({ kind: 'attempt-answered', attemptId, itemId, at, blocked, latencyMs, finishReason, usage, exchange: null });
    return reply;
  };
}
