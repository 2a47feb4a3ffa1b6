export { runExecution } from './engine.js';
export { Limiters } from './limiters.js';
export type { LimitState } from './place.js';
export type { CompiledOrchestrator, EngineOptions } from './orchestration.js';
export { planAnswers, planItems, PlanHash, samplePositions, type PlanShape } from './plan.js';
export { DEFAULT_RETRIES, type RetryPolicy } from './retry-policy.js';
export type { CompiledScorer } from './scoring.js';
export { costOf, Spending, SpendingLimitReached, type Price, type SpendingLimits, type Spent } from './spending.js';
export { Tally } from './tally.js';
