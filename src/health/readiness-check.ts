import type { Verdict } from './verdict.js';

/** A part of what it takes to serve people. */
export interface ReadinessCheck {
  /** By which it is named in answers and metrics. */
  readonly name: string;
  /** What was found, and what it was measured by. Never throws. */
  check(): Promise<Finding>;
}

export interface Finding {
  readonly verdict: Verdict;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** All checks that there are. An engine that is added brings its own: a provider, and a line in the module. */
export const READINESS_CHECKS = Symbol('readiness checks');
