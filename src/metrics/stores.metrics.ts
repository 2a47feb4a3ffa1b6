import { Injectable } from '@nestjs/common';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { StoreCounts } from '../db-connection/store-counts.service.js';
import { FAULT_KINDS, StoreFaults } from '../db-connection/store-faults.service.js';
import type { MetricSource } from './metric-source.js';
import { byLabel, counter, gauge, histogram } from './told-metric.js';

/** How memories are opened and written. */
@Injectable()
export class StoresMetrics implements MetricSource {
  readonly metrics;

  constructor(db: DbConnectionService, { openSeconds, commitSeconds, commitAppends }: StoreCounts, faults: StoreFaults) {
    this.metrics = [
      gauge('violentutf_stores_open', 'Memories that are open.', () => [{ value: db.stats().open }]),
      gauge('violentutf_stores_in_use', 'Memories that are held by somebody at the moment.', () => [{ value: db.stats().inUse }]),
      gauge('violentutf_stores_max_open', 'How many memories may be open while nobody uses them.', () => [{ value: db.stats().maxOpen }]),
      gauge('violentutf_stores_unavailable', 'Memories that could not be had when they were last asked for, by reason.', () => {
        const current = faults.current();
        return byLabel(
          'reason',
          FAULT_KINDS.map((reason) => [reason, current.filter(({ kind }) => kind === reason).length]),
        );
      }),
      counter('violentutf_store_opens_total', 'Memories that were opened.', () => [{ value: db.stats().opened }]),
      counter('violentutf_store_evictions_total', 'Memories that were closed for others.', () => [{ value: db.stats().evicted }]),
      counter('violentutf_store_failures_total', 'How often a memory could not be opened or read, by reason.', () =>
        byLabel('reason', faults.counts()),
      ),
      histogram('violentutf_store_open_duration_seconds', 'How long it took to open memories.', () => [{ of: openSeconds }]),
      histogram('violentutf_store_commit_duration_seconds', 'How long group commits took.', () => [{ of: commitSeconds }]),
      histogram('violentutf_store_commit_appends', 'How many appends were made durable by one commit.', () => [{ of: commitAppends }]),
    ];
  }
}
