import type { GeneratorLimits } from '#core';
import type { LimitSettings } from '../limit-settings.js';
import type { Ask } from '../place.js';

/** Settings by which an endpoint is back soon, for tests on a clock that really runs. */
export const IMPATIENT: Partial<LimitSettings> = {
  longestGapMs: 1,
  breaker: { failures: 10, items: 5, baseMs: 1, maxMs: 2 },
  retries: { start: 20, most: 100, perAnswer: 0.5, perSecond: 10_000 },
};

/** The limits of a generator: no more than so many at once, and nothing else unless it is said. */
export function limits(maxInFlight: number, rates: Partial<GeneratorLimits> = {}): GeneratorLimits {
  return { maxInFlight, requestsPerMinute: null, tokensPerMinute: null, ...rates };
}

/** A request of one user's only generator, sent for the first time. */
export function ask(maxInFlight: number, changes: Partial<Ask> = {}): Ask {
  return { user: 'user', limits: limits(maxInFlight), itemId: 'item', inputTokens: 0, again: false, ...changes };
}
