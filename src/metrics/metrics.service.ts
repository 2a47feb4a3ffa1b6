import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { METRIC_SOURCES, type MetricSource } from './metric-source.js';

/** What is measured of this process, for Prometheus. Its own registry: nothing global can be overwritten. */
@Injectable()
export class MetricsService implements OnApplicationShutdown {
  readonly #registry = new Registry();

  constructor(@Inject(METRIC_SOURCES) sources: readonly MetricSource[]) {
    collectDefaultMetrics({ register: this.#registry });
    for (const { metrics } of sources) for (const metric of metrics) this.#registry.registerMetric(metric);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  onApplicationShutdown(): void {
    this.#registry.clear();
  }
}
