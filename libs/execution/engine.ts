import {
  DomainError,
  GeneratorError,
  seededRandom,
  uuidv7,
  type Clock,
  type Converter,
  type Exchange,
  type ExecutionEvent,
  type Generator,
  type Item,
  type ItemProgress,
  type ItemSettled,
  type SettledState,
  type StrategyPorts,
  type StrategyRequest,
  type StrategyResult,
  type UnknownOutcomePolicy,
} from '#core';
import { attempt, type AttemptPorts } from './attempt.js';
import type { Limiters } from './limiter.js';
import { Outbox } from './outbox.js';
import type { RetryPolicy } from './retry-policy.js';
import { Crew } from './crew.js';
import { judge, type CompiledScorer } from './scoring.js';

/** An orchestrator ready to run: clients made, patterns parsed, chains put together. */
export interface CompiledOrchestrator {
  readonly strategy: (prompt: string, ports: StrategyPorts) => Promise<StrategyResult>;
  readonly target: Generator;
  /** By the index that items refer to. */
  readonly chains: readonly (readonly Converter[])[];
  readonly scorers: readonly CompiledScorer[];
}

export interface EngineOptions {
  readonly scoringRunId: string;
  /** Seeds the converters' randomness, with the item and the place in the chain. */
  readonly seed: string;
  readonly onUnknownOutcome: UnknownOutcomePolicy;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
  readonly limiters: Limiters;
  /** Aborted: no further item is begun; those in flight finish. The rest stays open. */
  readonly stop: AbortSignal;
  /** Aborted: what is on the wire is cut off and left as it stands in the journal, to be taken up later. */
  readonly abandon: AbortSignal;
  /** Aborted: what is on the wire is cut off, and every open item becomes `cancelled`. */
  readonly cancel: AbortSignal;
}

/** Items that are open at the same time, as a multiple of the slots: some wait for a back-off or a judge while others use the wire. */
const OPEN_ITEMS_PER_SLOT = 3;

/**
 * Runs the open items of an execution and yields what happens, in batches. Asking for the next batch says that the last one is durable: an intent
 * is durable before its request is sent because the request waits for that. The engine remembers nothing and knows nothing of a store.
 */
export async function* runExecution(
  source: AsyncIterable<readonly ItemProgress[]>,
  compiled: CompiledOrchestrator,
  options: EngineOptions,
): AsyncGenerator<ExecutionEvent[]> {
  const outbox = new Outbox();
  const given = new AbortController();
  const ports: AttemptPorts = {
    clock: options.clock,
    limiters: options.limiters,
    retry: options.retry,
    post: (events) => outbox.post(events),
    abort: AbortSignal.any([options.abandon, options.cancel, given.signal]),
  };
  const finished = runAll(source, compiled, options, ports);
  try {
    yield* outbox.batches(finished);
  } finally {
    // Whoever iterates has given up: nothing may be sent whose intent nobody remembers.
    given.abort(new DOMException('The execution is not watched any more.', 'AbortError'));
    await finished.catch(() => undefined);
  }
}

async function runAll(
  source: AsyncIterable<readonly ItemProgress[]>,
  compiled: CompiledOrchestrator,
  options: EngineOptions,
  ports: AttemptPorts,
): Promise<void> {
  const most = Math.max(8, compiled.target.maxInFlight * OPEN_ITEMS_PER_SLOT);
  const crew = new Crew(most);
  const over = (): boolean => options.stop.aborted || options.abandon.aborted || crew.failed;
  for await (const page of source) {
    for (const progress of page) {
      if (over()) break;
      await crew.start(() => runItem(progress, compiled, options, ports));
    }
    if (over()) break;
  }
  await crew.finish();
}

async function runItem(progress: ItemProgress, compiled: CompiledOrchestrator, options: EngineOptions, ports: AttemptPorts): Promise<void> {
  const { item, inFlight } = progress;
  const settle = (state: SettledState, reason: string | null): ItemSettled => ({
    kind: 'item-settled',
    itemId: item.id,
    scoringRunId: options.scoringRunId,
    state,
    reason,
    at: options.clock.now(),
  });
  /** Events that are true already, and are remembered with the next ones that are posted. */
  const carried: ExecutionEvent[] = [];
  const post = (...events: ExecutionEvent[]): Promise<void> => ports.post([...carried.splice(0), ...events]);
  try {
    if (options.cancel.aborted) {
      await post(settle('cancelled', null));
      return;
    }
    if (inFlight !== null) {
      carried.push({ kind: 'attempt-lost', attemptId: inFlight, itemId: item.id, at: options.clock.now() });
      if (options.onUnknownOutcome === 'mark') {
        await post(settle('unknown', 'It was in flight when the server stopped; the answer, if there was one, is lost.'));
        return;
      }
    }
    const answer = progress.answered ?? (await runStrategy(progress, compiled, options, ports, carried));
    if (answer.blocked) {
      await post(settle('blocked', "The model's content filter answered."));
    } else if (compiled.scorers.length === 0) {
      await post(settle('answered', null));
    } else {
      // A judge takes its time: the answer must not be lost with it.
      if (compiled.scorers.some((scorer) => scorer.judge)) await post();
      const verdict = await judge(item, answer, compiled.scorers, options.scoringRunId, ports);
      if (verdict.kind === 'scored') await post(...verdict.events, settle('scored', null));
      else await post(settle('answered', verdict.reason));
    }
  } catch (error) {
    if (options.abandon.aborted) return;
    if (options.cancel.aborted) await post(settle('cancelled', null));
    else if (error instanceof NothingToSend) await post(settle('skipped', error.message));
    else if (error instanceof GeneratorError || error instanceof DomainError) await post(settle('errored', error.message));
    else throw error;
  }
}

type Answer = Exchange & { readonly blocked: boolean };

/** Runs the strategy on one item. Its last answer is returned, and left in `carried` for the caller to journal with what follows from it. */
async function runStrategy(
  progress: ItemProgress,
  compiled: CompiledOrchestrator,
  options: EngineOptions,
  ports: AttemptPorts,
  carried: ExecutionEvent[],
): Promise<Answer> {
  const { item } = progress;
  const conversations = new Map<number, string>();
  const answers: Answer[] = [];
  const send = async (request: StrategyRequest) => {
    const { purpose, turn, branch, messages } = request;
    const converted = messages.at(-1)?.content ?? '';
    if (converted === '') throw new NothingToSend();
    const spec = { itemId: item.id, purpose, turn, branch, earlier: progress.attempts, messages, carried };
    const { attemptId, reply, latencyMs, at } = await attempt(compiled.target, spec, ports);
    const conversationId = conversations.get(branch) ?? uuidv7();
    conversations.set(branch, conversationId);
    const exchange: Exchange = {
      conversationId,
      requestId: uuidv7(),
      responseId: uuidv7(),
      original: request.original,
      converted,
      response: reply.text,
    };
    const blocked = reply.kind === 'blocked';
    const { finishReason, usage } = reply;
    carried.push({ kind: 'attempt-answered', attemptId, itemId: item.id, at, blocked, latencyMs, finishReason, usage, exchange });
    answers.push({ ...exchange, blocked });
    return reply;
  };
  await compiled.strategy(item.value, { convert: (text) => convert(text, item, compiled, options.seed), send });
  const last = answers.at(-1);
  if (!last) throw new NothingToSend();
  return last;
}

function convert(text: string, item: Item, compiled: CompiledOrchestrator, seed: string): string {
  const chain = compiled.chains[item.chain] ?? [];
  return chain.reduce((converted, converter, index) => converter(converted, { random: seededRandom(`${seed}/${item.id}/${index}`) }), text);
}

/** The converters left an empty prompt, or the strategy had nothing to say. */
class NothingToSend extends Error {
  constructor() {
    super('There was nothing to send: the prompt is empty after its converters.');
  }
}
