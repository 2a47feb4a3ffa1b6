import { Injectable } from '@nestjs/common';
import { ExecutionCounts } from '../executions/execution-counts.service.js';
import type { MetricSource } from './metric-source.js';
import { counter, histogram } from './told-metric.js';

/** How models answer, by type of generator. */
@Injectable()
export class ModelsMetrics implements MetricSource {
  readonly metrics;

  constructor({ models }: ExecutionCounts) {
    this.metrics = [
      histogram('violentutf_model_latency_seconds', 'How long models took for answers that came, by type of generator.', () =>
        [...models].map(([generator_type, { latencySeconds: of }]) => ({ of, labels: { generator_type } })),
      ),
      counter('violentutf_model_tokens_total', 'Tokens that endpoints say they read and wrote, by type of generator.', () =>
        [...models].flatMap(([generator_type, { inputTokens, outputTokens }]) => [
          { value: inputTokens, labels: { generator_type, direction: 'input' } },
          { value: outputTokens, labels: { generator_type, direction: 'output' } },
        ]),
      ),
    ];
  }
}
