import { BREAKER, type BreakerSettings } from './breaker.js';
import { RETRY_BUDGET, type RetryBudgetSettings } from './retry-budget.js';

/** What binds every endpoint as a whole, whoever uses it. */
export interface LimitSettings {
  /** Most requests at once, of all users together, at least 1. */
  readonly maxInFlight: number;
  /** How long an endpoint that is sent one request at a time, and still has too much to do, is given between two of them. */
  readonly longestGapMs: number;
  readonly breaker: BreakerSettings;
  readonly retries: RetryBudgetSettings;
  /** Uniform in [0, 1): so that what waits does not come back all at once. */
  readonly random: () => number;
}

export const DEFAULT_LIMITS: LimitSettings = {
  maxInFlight: 200,
  longestGapMs: 500,
  breaker: BREAKER,
  retries: RETRY_BUDGET,
  random: Math.random,
};
