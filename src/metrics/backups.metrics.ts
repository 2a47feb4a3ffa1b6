import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { bytesOf, type Manifest } from '#backup';
import { BackupService } from '../backup/backup.service.js';
import type { MetricSource } from './metric-source.js';
import { byLabel, counter, gauge } from './told-metric.js';

/** The backups of everything that were made. What is known of the newest is kept: nobody reads a folder for each scrape. */
@Injectable()
export class BackupsMetrics implements MetricSource, OnModuleInit, OnModuleDestroy {
  readonly metrics;
  readonly #counts = new Map<string, number>([
    ['succeeded', 0],
    ['failed', 0],
  ]);
  #newest: Manifest | null = null;
  #durationMs: number | null = null;
  #end: () => void = () => undefined;

  constructor(private readonly backups: BackupService) {
    const told = (value: number | null) => (value === null ? [] : [{ value }]);
    this.metrics = [
      counter('violentutf_backups_total', 'Backups of everything that were made, or not, by outcome.', () =>
        byLabel('outcome', this.#counts),
      ),
      gauge(
        'violentutf_backup_last_success_timestamp_seconds',
        'When the newest backup of everything began; none when there is none.',
        () => told(this.#newest && Date.parse(this.#newest.begunAt) / 1000),
      ),
      gauge('violentutf_backup_last_size_bytes', 'How large it is.', () => told(this.#newest && bytesOf(this.#newest))),
      gauge('violentutf_backup_last_duration_seconds', 'How long it took to make the last one since the start.', () =>
        told(this.#durationMs === null ? null : this.#durationMs / 1000),
      ),
    ];
  }

  async onModuleInit(): Promise<void> {
    this.#end = this.backups.subscribe({
      succeeded: (backup, durationMs) => {
        if (backup.userId !== null) return;
        this.#newest = backup;
        this.#durationMs = durationMs;
        this.#count('succeeded');
      },
      failed: ({ userId }) => {
        if (userId === null) this.#count('failed');
      },
      removed: (id) => {
        if (this.#newest?.id !== id) return;
        this.#newest = null;
        void this.#look();
      },
    });
    await this.#look();
  }

  onModuleDestroy(): void {
    this.#end();
  }

  /** The disk of the backups may be away. One that was made meanwhile is newer. */
  async #look(): Promise<void> {
    const newest = await this.backups.newest().catch(() => null);
    this.#newest ??= newest;
  }

  #count(outcome: string): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }
}
