import type { GeneratorError } from '#core';

/** When, and how often, a request that failed is sent again. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

export const DEFAULT_RETRIES: RetryPolicy = { maxRetries: 5, baseMs: 500, maxMs: 60_000 };

const DAY_MS = 86_400_000;

/** The pause that the endpoint asks for (Retry-After), or null; never more than a day, so that a nonsensical number can't overflow a timer. */
export function askedPauseMs(error: GeneratorError): number | null {
  return error.retryAfterMs === null ? null : Math.min(error.retryAfterMs, DAY_MS);
}

/**
 * How long to wait before retry number `retry` (0-based), or null to give up. Exponential back-off with full jitter (Marc Brooker, "Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015); a Retry-After of the endpoint is the least that is waited, and jittered upwards so that all
 * who were told the same moment do not come back at once.
 * @param random uniform in [0, 1).
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, error: GeneratorError, random: () => number): number | null {
  if (!error.retryable || retry >= policy.maxRetries) return null;
  const backOffMs = Math.min(policy.maxMs, policy.baseMs * 2 ** retry) * random();
  const askedMs = askedPauseMs(error);
  return askedMs === null ? backOffMs : askedMs + backOffMs / 4;
}
