import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { systemClock } from '#core';
import { Config } from '../config/config.js';
import { BackupService } from './backup.service.js';

/** After the start of a server, or a backup that failed, not before: whoever starts it has other things to do first. */
const SETTLING_MS = 60_000;
const AGAIN_MS = 3_600_000;
/** A timer can't be set for longer than some weeks, and a clock may be set meanwhile. */
const LONGEST_MS = 3_600_000;

/** Makes a backup of everything when the last one is as old as the operator wants, whether the server ran all that time or not. */
@Injectable()
export class BackupJob implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger(BackupJob.name);
  readonly #shutdown = new AbortController();

  constructor(
    private readonly config: Config,
    private readonly backups: BackupService,
  ) {}

  onApplicationBootstrap(): void {
    const { everyMs } = this.config.backup;
    if (everyMs === null) return;
    this.#repeat(everyMs).catch((error: unknown) => {
      if (!this.#shutdown.signal.aborted) this.#log.error({ err: error }, 'no more backups are made by themselves');
    });
  }

  onModuleDestroy(): void {
    this.#shutdown.abort();
  }

  async #repeat(everyMs: number): Promise<void> {
    let earliest = Date.now() + Math.min(everyMs, SETTLING_MS);
    for (;;) {
      // The disk of the backups may be away for a while.
      const newest = await this.backups.newest().catch(() => null);
      // A clock may have been ahead.
      const last = newest ? Math.min(Date.parse(newest.begunAt), Date.now()) : -Infinity;
      const due = Math.max(earliest, last + everyMs);
      const waitMs = due - Date.now();
      if (waitMs > 0) {
        await systemClock.sleep(Math.min(waitMs, LONGEST_MS), this.#shutdown.signal);
        continue;
      }
      this.#shutdown.signal.throwIfAborted();
      await this.backups.start(null, 'system').then(
        () => this.backups.ended(),
        (error: unknown) => this.#log.warn({ err: error }, 'a backup that was due could not begin'),
      );
      earliest = Date.now() + Math.min(everyMs, AGAIN_MS);
    }
  }
}
