import type { Metric } from 'prom-client';

/**
 * The metrics of one subject. To add a subject: a file `<noun>.metrics.ts` with a provider like the others, a line in the module, rows in
 * docs/operating.md. No label may name a user, an execution, a conversation, a prompt or an address.
 */
export interface MetricSource {
  readonly metrics: readonly Metric[];
}

/** All subjects. */
export const METRIC_SOURCES = Symbol('metric sources');
