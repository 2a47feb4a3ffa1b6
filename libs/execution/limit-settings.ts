import { BREAKER, type BreakerSettings } from './breaker.js';
import { RETRY_BUDGET, type RetryBudgetSettings } from './retry-budget.js';

/** What binds every endpoint as a whole, whoever uses it. */
export interface LimitSettings {
  /** Most requests at once, of all users together, at least 1. */
  readonly maxInFlight: number;
  /** The longest pause between two requests for an endpoint that answers at once, and still says that it has too much to do. */
  readonly longestGapMs: number;
  readonly breaker: BreakerSettings;
  readonly retries: RetryBudgetSettings;
  /** Uniform in [0, 1): so that what waits does not come back all at once. */
  readonly random: () => number;
}

export const DEFAULT_LIMITS: LimitSettings = {
  maxInFlight: 200,
  longestGapMs: 250,
  breaker: BREAKER,
  retries: RETRY_BUDGET,
  random: Math.random,
};
