import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Config } from '../config/config.js';
import { RetentionService } from './retention.service.js';

/** A server that is started anew every day comes to it as well. */
const FIRST_MS = 600_000;

/** Removes what is not to be kept, once a day. `SchedulerRegistry` ends it with the application. */
@Injectable()
export class RetentionJob implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger(RetentionJob.name);
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(
    private readonly config: Config,
    private readonly retention: RetentionService,
    private readonly schedule: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    const { everyMs } = this.config.retention;
    this.schedule.addTimeout(
      'retention-first',
      setTimeout(() => this.#run(), Math.min(everyMs, FIRST_MS)),
    );
    this.schedule.addInterval(
      'retention',
      setInterval(() => this.#run(), everyMs),
    );
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** One at a time. */
  #run(): void {
    this.#running ??= this.retention
      .applyAll(this.#stop.signal)
      .catch((error: unknown) => this.#log.error({ err: error }, 'what is not to be kept could not be looked for'))
      .finally(() => {
        this.#running = null;
      });
  }
}
