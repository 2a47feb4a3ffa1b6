import {
  GeneratorError,
  uuidv7,
  type AttemptPurpose,
  type ChatMessage,
  type Clock,
  type ExecutionEvent,
  type Generator,
  type GeneratorReply,
  type TokenUsage,
} from '#core';
import type { AttemptOutcome, AttemptReport } from './attempt-report.js';
import type { Limiters } from './limiters.js';
import { reasonOf } from './reason.js';
import { isOverload, retryCost, retryDelayMs, type RetryPolicy, type Tries } from './retry-policy.js';
import type { Spending } from './spending.js';

const CHARACTERS_PER_TOKEN = 4;

/** What every attempt of an execution shares. */
export interface AttemptPorts {
  readonly clock: Clock;
  readonly limiters: Limiters;
  /** Whose lane the requests go by. */
  readonly user: string;
  readonly retry: RetryPolicy;
  readonly spending: Spending;
  /** Told of each attempt when it has ended. */
  readonly report: (attempt: AttemptReport) => void;
  /** Whether what is open is cancelled, so that nobody will look for what came of it. */
  readonly isCancelled: () => boolean;
  /** Resolves when the events are durable. */
  readonly post: (events: readonly ExecutionEvent[]) => Promise<void>;
  /** Nothing more is sent: ends every wait for a slot or a retry. Aborted whenever `abort` is. */
  readonly halt: AbortSignal;
  /** Cuts off what is on the wire, too. */
  readonly abort: AbortSignal;
}

export interface AttemptSpec {
  readonly itemId: string;
  readonly purpose: AttemptPurpose;
  readonly turn: number;
  readonly branch: number;
  /** How many attempts at the same place the journal already has. */
  readonly earlier: number;
  readonly messages: readonly ChatMessage[];
  /** Events that are true but not posted yet; taken along, and out of the list, with the next post. */
  readonly carried: ExecutionEvent[];
}

export interface AttemptResult {
  readonly attemptId: string;
  readonly reply: GeneratorReply;
  readonly latencyMs: number;
  readonly at: number;
}

/**
 * Asks a generator until it answers or the policy gives up. The intent of each attempt is durable before its request is sent, and each failure is
 * journaled with its reason. The answer itself, and the last failure, are the caller's to journal (the failure is left in `carried`), so that
 * they are remembered together with what follows from them.
 * @throws GeneratorError after the last retry; something for which `isCutOff` holds when `ports.halt` or `ports.abort` was aborted.
 */
export async function attempt(generator: Generator, spec: AttemptSpec, ports: AttemptPorts): Promise<AttemptResult> {
  const { clock, abort, halt } = ports;
  const { carried, itemId, purpose, turn, branch } = spec;
  const { limitKey, limits } = generator;
  const inputTokens = estimatedTokens(...spec.messages.map((message) => message.content));
  const report = (outcome: AttemptOutcome, latencyMs: number, usage: TokenUsage | null): void =>
    ports.report({ generator, purpose, outcome, latencyMs, usage });
  let { answers } = ports.limiters.get(limitKey);
  let tries: Tries = { spent: 0, failures: 0 };
  let again = false;
  for (let retry = 0; ; retry++) {
    const limiter = ports.limiters.get(limitKey);
    const attemptId = uuidv7();
    const place = await limiter.place({ user: ports.user, limits, itemId, inputTokens, again }, halt);
    let delayMs: number;
    try {
      ports.spending.request();
      const intent = {
        kind: 'attempt-intended',
        attemptId,
        itemId,
        purpose,
        turn,
        branch,
        retry: spec.earlier + retry,
        at: clock.now(),
      } as const;
      await ports.post([...carried.splice(0), intent]);
      try {
        await place.enter();
        // Nothing is awaited between this look and the request: whoever stops the execution stops this request too.
        halt.throwIfAborted();
      } catch (error) {
        // Known not to have been sent: it must not be taken for lost when the execution is taken up again.
        const detail = 'The execution was ended before this request was sent.';
        carried.push({ kind: 'attempt-failed', attemptId, itemId, latencyMs: 0, fault: 'not-sent', detail, at: clock.now() });
        ports.spending.unsent();
        report('not-sent', 0, null);
        throw error;
      }
      const sent = performance.now();
      try {
        const reply = await generator.generate({ messages: spec.messages, signal: abort });
        ports.spending.answer(reply.usage, generator.price);
        const { usage } = reply;
        place.answered(usage ? usage.inputTokens + usage.outputTokens : inputTokens + estimatedTokens(reply.text));
        const latencyMs = performance.now() - sent;
        report(reply.kind, latencyMs, usage);
        return { attemptId, reply, latencyMs, at: clock.now() };
      } catch (error) {
        const latencyMs = performance.now() - sent;
        if (abort.aborted) {
          report('cut-off', latencyMs, null);
          if (ports.isCancelled()) carried.push({ kind: 'attempt-lost', attemptId, itemId, at: clock.now() });
          throw error;
        }
        const failure =
          error instanceof GeneratorError
            ? error
            : new GeneratorError('invalid-answer', reasonOf(error, 'The generator'), { cause: error });
        const { fault, message: detail } = failure;
        carried.push({ kind: 'attempt-failed', attemptId, itemId, latencyMs, fault, detail, at: clock.now() });
        report(fault, latencyMs, null);
        const cost = retryCost(failure, place.failed(failure), limiter.answers !== answers);
        answers = limiter.answers;
        again = cost > 0 && isOverload(failure);
        tries = { spent: tries.spent + cost, failures: tries.failures + Math.ceil(cost) };
        const delay = retryDelayMs(ports.retry, tries, failure, Math.random);
        if (delay === null) throw failure;
        delayMs = delay;
      }
    } finally {
      place.release();
    }
    await ports.post(carried.splice(0));
    await clock.sleep(delayMs, halt);
  }
}

/** About four characters are a token: near enough for what is corrected afterwards. */
function estimatedTokens(...texts: readonly string[]): number {
  return Math.ceil(texts.reduce((length, text) => length + text.length, 0) / CHARACTERS_PER_TOKEN);
}

/** Whether an attempt ended only because the execution was told to end: nothing follows from it for the item. */
export function isCutOff(error: unknown, ports: AttemptPorts): boolean {
  return ports.abort.aborted || (ports.halt.aborted && error === ports.halt.reason);
}
