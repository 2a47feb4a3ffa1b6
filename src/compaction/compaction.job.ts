import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { systemClock } from '#core';
import { Config } from '../config/config.js';
import { CompactionService } from './compaction.service.js';

/** Looks for bloated memories as often as the operator wants. */
@Injectable()
export class CompactionJob implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger(CompactionJob.name);
  readonly #shutdown = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly compactions: CompactionService,
  ) {}

  onApplicationBootstrap(): void {
    const { everyMs } = this.config.compaction;
    if (everyMs !== null) this.#running = this.#repeat(everyMs);
  }

  async onModuleDestroy(): Promise<void> {
    this.#shutdown.abort();
    await this.#running;
  }

  async #repeat(everyMs: number): Promise<void> {
    const { signal } = this.#shutdown;
    for (;;) {
      await systemClock.sleep(everyMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.compactions.compactBloated(signal).catch((error: unknown) => {
        this.#log.error({ err: error }, 'bloated memories could not be looked for');
      });
    }
  }
}
