import type { Clock, Converter, Generator, Strategy, UnknownOutcomePolicy } from '#core';
import type { AttemptReport } from './attempt-report.js';
import type { Limiters } from './limiters.js';
import type { RetryPolicy } from './retry-policy.js';
import type { CompiledScorer } from './scoring.js';
import type { Spending } from './spending.js';

/** An orchestrator ready to run: clients made, patterns parsed, chains put together. */
export interface CompiledOrchestrator {
  readonly strategy: Strategy;
  /** Null where nothing is sent to one: stored answers are scored. */
  readonly target: Generator | null;
  /** Writes what is sent, where the strategy has a model do that. */
  readonly attacker: Generator | null;
  /** By the role that they have for the strategy. */
  readonly judges: ReadonlyMap<string, CompiledScorer>;
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
  /** When it has reached a limit, nothing more is sent, as with `stop`. */
  readonly spending: Spending;
  /** Whose execution it is: users take turns at an endpoint, and each one's own limits bind only that one. Opaque. */
  readonly user: string;
  /** Told of each call to a model when it has ended, whatever came of it. It must not throw. */
  readonly onAttempt?: (attempt: AttemptReport) => void;
  /** Aborted: nothing more is sent; what is on the wire is awaited, and what follows from it remembered. The rest stays open. */
  readonly stop: AbortSignal;
  /** Aborted: what is on the wire is cut off and left as it stands in the journal, to be taken up later. */
  readonly abandon: AbortSignal;
  /** Aborted: what is on the wire is cut off, and every open item becomes `cancelled`, also after `stop`. */
  readonly cancel: AbortSignal;
}
