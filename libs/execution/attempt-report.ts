import type { AttemptFault, AttemptPurpose, Generator, TokenUsage } from '#core';

/** What came of one call to a model: `cut-off` when nobody waited for its end. */
export type AttemptOutcome = 'answered' | 'blocked' | 'cut-off' | AttemptFault;

export const ATTEMPT_OUTCOMES: readonly AttemptOutcome[] = [
  'answered',
  'blocked',
  'cut-off',
  'rate-limited',
  'unavailable',
  'timeout',
  'rejected',
  'unauthorized',
  'invalid-answer',
  'forbidden-address',
  'not-sent',
];

/** One call to a model that has ended, for whoever counts. It says nothing of what was sent or answered. */
export interface AttemptReport {
  readonly generator: Generator;
  readonly purpose: AttemptPurpose;
  readonly outcome: AttemptOutcome;
  /** On the wire; 0 when it was not sent. */
  readonly latencyMs: number;
  /** Null where the endpoint did not say, or there was no answer. */
  readonly usage: TokenUsage | null;
}
