import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { OrchestratorPool } from '../orchestrator-pool/orchestrator-pool.service.js';

const POOL = 'violentutf_orchestrator_pool';

/** What is measured of this process, for Prometheus. Its own registry: nothing global can be overwritten. No label names a user. */
@Injectable()
export class MetricsService implements OnApplicationShutdown {
  readonly #registry = new Registry();

  constructor(private readonly pool: OrchestratorPool) {
    collectDefaultMetrics({ register: this.#registry });
    this.#poolMetrics();
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

  #poolMetrics(): void {
    const { pool } = this;
    const add = (metric: Gauge | Counter): void => this.#registry.registerMetric(metric);
    add(
      new Gauge({
        name: `${POOL}_instances`,
        help: 'Compiled orchestrators that there are, by state.',
        labelNames: ['state'],
        registers: [],
        collect() {
          const { totalInstances, inUse } = pool.stats();
          this.set({ state: 'in_use' }, inUse);
          this.set({ state: 'idle' }, totalInstances - inUse);
        },
      }),
    );
    add(
      new Gauge({
        name: `${POOL}_max_instances`,
        help: 'How many compiled orchestrators are kept.',
        registers: [],
        collect() {
          this.set(pool.stats().maxInstances);
        },
      }),
    );
    const counts = {
      hits: 'Compiled orchestrators that were there when they were asked for.',
      misses: 'Orchestrators that had to be compiled.',
      evictions: 'Compiled orchestrators that were dropped for another.',
      expirations: 'Compiled orchestrators that were dropped because nobody had used them for too long.',
      disposalErrors: 'Compiled orchestrators that were dropped with an error.',
    } as const;
    for (const [count, help] of Object.entries(counts) as [keyof typeof counts, string][]) {
      add(
        new Counter({
          name: `${POOL}_${count.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
          help,
          registers: [],
          collect() {
            // The pool counts; this only tells.
            this.reset();
            this.inc(pool.stats()[count]);
          },
        }),
      );
    }
  }
}
