import type { GeneratorError } from '#core';

/** When, and how often, a request that failed is sent again. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

export const DEFAULT_RETRIES: RetryPolicy = { maxRetries: 5, baseMs: 500, maxMs: 60_000 };

const LONGEST_PAUSE_MS = 300_000;
/** A throttle costs this much of a retry while the endpoint answers others. */
const THROTTLE_COST = 1 / 16;

/**
 * The pause that the endpoint asks for (Retry-After), or null; never more than five minutes, since it binds everybody who uses the endpoint, and
 * might be nonsense.
 */
export function askedPauseMs(error: GeneratorError): number | null {
  return error.retryAfterMs === null ? null : Math.min(error.retryAfterMs, LONGEST_PAUSE_MS);
}

/** Whether the endpoint says that it has too much to do: 429, 503, or 529 as some put it. */
export function isThrottle(error: GeneratorError): boolean {
  return error.fault === 'rate-limited' || error.status === 503 || error.status === 529;
}

/** Whether the endpoint has too much to do, as it says, or as its silence does: it is sent less, and again only as its retry budget allows. */
export function isOverload(error: GeneratorError): boolean {
  return isThrottle(error) || error.fault === 'timeout';
}

/**
 * Whether a failure may be the request's own: somebody took it, and says neither that there is too much to do nor that whoever stands behind is
 * away (502, 504).
 */
export function concernsRequest(error: GeneratorError): boolean {
  return error.reached && !isThrottle(error) && error.status !== 502 && error.status !== 504;
}

/**
 * How much of an item's retries a failure costs: nothing when the endpoint is down, since that says nothing of the item; little when the endpoint
 * has too much to do, but answers others; else 1.
 * @param othersAnswered whether it has answered anything since this item was last refused, or began.
 */
export function retryCost(error: GeneratorError, isDown: boolean, othersAnswered: boolean): number {
  if (isDown) return 0;
  return isThrottle(error) && othersAnswered ? THROTTLE_COST : 1;
}

/** What an item has used up. */
export interface Tries {
  /** Of its retries, in fractions. */
  readonly spent: number;
  /** How many failures that cost something, with the last. */
  readonly failures: number;
}

/**
 * How long to wait before the next try, or null to give up. Exponential back-off with full jitter (Marc Brooker, "Exponential Backoff And Jitter",
 * AWS Architecture Blog, 2015); a Retry-After of the endpoint is the least that is waited, and jittered upwards so that all who were told the same
 * moment do not come back at once.
 * @param random uniform in [0, 1).
 */
export function retryDelayMs(policy: RetryPolicy, tries: Tries, error: GeneratorError, random: () => number): number | null {
  if (!error.retryable || tries.spent > policy.maxRetries) return null;
  const backOffMs = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.max(0, tries.failures - 1)) * random();
  const askedMs = askedPauseMs(error);
  return askedMs === null ? backOffMs : askedMs + backOffMs / 4;
}
