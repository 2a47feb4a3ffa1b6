import { Injectable } from '@nestjs/common';
import { OrchestratorPool } from '../orchestrator-pool/orchestrator-pool.service.js';
import type { MetricSource } from './metric-source.js';
import { counter, gauge } from './told-metric.js';

const POOL = 'violentutf_orchestrator_pool';

/** How compiled orchestrators are kept. */
@Injectable()
export class PoolMetrics implements MetricSource {
  readonly metrics;

  constructor(pool: OrchestratorPool) {
    const count = (name: string, help: string, what: 'hits' | 'misses' | 'evictions' | 'expirations' | 'disposalErrors') =>
      counter(`${POOL}_${name}_total`, help, () => [{ value: pool.stats()[what] }]);
    this.metrics = [
      gauge(`${POOL}_instances`, 'Compiled orchestrators that there are, by state.', () => {
        const { totalInstances, inUse } = pool.stats();
        return [
          { value: inUse, labels: { state: 'in_use' } },
          { value: totalInstances - inUse, labels: { state: 'idle' } },
        ];
      }),
      gauge(`${POOL}_max_instances`, 'How many compiled orchestrators are kept.', () => [{ value: pool.stats().maxInstances }]),
      count('hits', 'Compiled orchestrators that were there when they were asked for.', 'hits'),
      count('misses', 'Orchestrators that had to be compiled.', 'misses'),
      count('evictions', 'Compiled orchestrators that were dropped for another.', 'evictions'),
      count('expirations', 'Compiled orchestrators that were dropped because nobody had used them for too long.', 'expirations'),
      count('disposal_errors', 'Compiled orchestrators that were dropped with an error.', 'disposalErrors'),
    ];
  }
}
