import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import type { MetricSource } from './metric-source.js';
import { gauge, labelled, type Sample } from './told-metric.js';

const KINDS = ['scan', 'plan', 'run', 'merge-plan', 'merge-run'] as const;
const STATES = ['running', 'completed', 'failed', 'undoing', 'undone'] as const;

/** What was found, planned and run to bring old databases home, and to merge memories. */
@Injectable()
export class MigrationsMetrics implements MetricSource {
  readonly metrics;

  constructor(private readonly catalog: CatalogService) {
    this.metrics = [
      gauge('violentutf_migrations', 'Scans, plans and runs of migrations in the catalog, by kind and state.', () => this.#counts()),
    ];
  }

  async #counts(): Promise<Sample[]> {
    const counts = await this.catalog.migrations.counts();
    return KINDS.flatMap((kind) =>
      STATES.map((state) => ({
        value: counts.find((each) => each.kind === kind && each.state === state)?.count ?? 0,
        labels: { kind: labelled(kind), state },
      })),
    );
  }
}
