import {
  GeneratorError,
  uuidv7,
  type AttemptPurpose,
  type ChatMessage,
  type Clock,
  type ExecutionEvent,
  type Generator,
  type GeneratorReply,
} from '#core';
import type { Limiters } from './limiter.js';
import { retryDelayMs, type RetryPolicy } from './retry-policy.js';

/** What every attempt of an execution shares. */
export interface AttemptPorts {
  readonly clock: Clock;
  readonly limiters: Limiters;
  readonly retry: RetryPolicy;
  /** Resolves when the events are durable. */
  readonly post: (events: readonly ExecutionEvent[]) => Promise<void>;
  /** Cuts off what is on the wire, and every wait. */
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
 * @throws GeneratorError after the last retry; the reason of `ports.abort` when that is aborted.
 */
export async function attempt(generator: Generator, spec: AttemptSpec, ports: AttemptPorts): Promise<AttemptResult> {
  const { clock, abort } = ports;
  const { carried } = spec;
  const limiter = ports.limiters.get(generator.limitKey);
  for (let retry = 0; ; retry++) {
    const attemptId = uuidv7();
    const { itemId, purpose, turn, branch } = spec;
    const place = await limiter.place(generator.maxInFlight, abort);
    let delayMs: number;
    try {
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
      await place.enter();
      const sent = performance.now();
      try {
        const reply = await generator.generate({ messages: spec.messages, signal: abort });
        return { attemptId, reply, latencyMs: performance.now() - sent, at: clock.now() };
      } catch (error) {
        if (abort.aborted) throw error;
        const failure = error instanceof GeneratorError ? error : new GeneratorError('invalid-answer', unexpected(error), { cause: error });
        place.release();
        const latencyMs = performance.now() - sent;
        const { fault, message: detail } = failure;
        carried.push({ kind: 'attempt-failed', attemptId, itemId, latencyMs, fault, detail, at: clock.now() });
        const delay = retryDelayMs(ports.retry, retry, failure, Math.random);
        if (delay === null) throw failure;
        if (failure.fault === 'rate-limited') limiter.hold(failure.retryAfterMs ?? 0);
        delayMs = delay;
      }
    } finally {
      place.release();
    }
    await ports.post(carried.splice(0));
    await clock.sleep(delayMs, abort);
  }
}

/** A client that throws anything else is at fault; its message could quote what it was sent, so only the kind is kept. */
function unexpected(error: unknown): string {
  return `The generator failed unexpectedly (${error instanceof Error ? error.name : typeof error}).`;
}
