import { watch, type FSWatcher } from 'node:fs';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { SwitchAlerts } from '../alerts/switch-alerts.service.js';
import { Config } from '../config/config.js';
import { isPassing } from './file-kind.js';
import { SwitchDetector } from './switch-detector.service.js';

/** After a change it is looked no later than this, in milliseconds. */
const SOON_MS = 500;
/** So often in a row; then it is left to the clock what goes on changing. */
const MOST_SOON = 4;
/** How long alerts of an earlier process are believed while something goes on changing. */
const FIRST_LOOKS_MS = 60_000;

/** Has the memory directory looked at: as often as the operator wants, and soon after a file came or went where the system tells. */
@Injectable()
export class WatchJob implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger(WatchJob.name);
  #watcher: FSWatcher | null = null;
  #soon: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #soonInARow = 0;
  /** Until when what an earlier process has found is waited for. */
  #firstLooksEndMs: number | null = null;
  #ended = false;

  constructor(
    private readonly config: Config,
    private readonly detector: SwitchDetector,
    private readonly alerts: SwitchAlerts,
    private readonly schedule: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule.addInterval(
      'memory-directory',
      setInterval(() => {
        this.#soonInARow = 0;
        this.#look();
      }, this.config.memoryCheckMs),
    );
    this.#firstLooksEndMs = Date.now() + FIRST_LOOKS_MS;
    this.#watch();
    this.#look();
  }

  async onModuleDestroy(): Promise<void> {
    this.#ended = true;
    this.#watcher?.close();
    if (this.#soon) clearTimeout(this.#soon);
    await this.#looking;
  }

  #watch(): void {
    try {
      // Every write to a log is a change: only what came or went is news.
      this.#watcher = watch(this.config.memoryDir, { persistent: false }, (event, file) => {
        if (event === 'rename' && (file === null || !isPassing(file))) this.#lookSoon();
      });
      this.#watcher.on('error', (error) => this.#unwatched(error));
    } catch (error) {
      this.#unwatched(error);
    }
  }

  #unwatched(error: unknown): void {
    this.#watcher?.close();
    this.#watcher = null;
    this.#log.warn({ err: error }, 'the memory directory can not be watched; it is looked at by the clock');
  }

  #lookSoon(): void {
    if (this.#soon || this.#ended || this.#soonInARow >= MOST_SOON) return;
    this.#soonInARow += 1;
    this.#soon = setTimeout(
      () => {
        this.#soon = null;
        this.#look();
      },
      Math.min(SOON_MS, this.config.memoryCheckMs),
    );
  }

  #look(): void {
    if (this.#ended) return;
    this.#looking = this.detector.look().then(
      (again) => {
        this.#resolveForgotten(again);
        if (again) this.#lookSoon();
      },
      (error: unknown) => this.#log.error({ err: error }, 'the memory directory can not be looked at'),
    );
  }

  /** When everything was looked into once, what an earlier process was alerted of is over unless it was found again. */
  #resolveForgotten(again: boolean): void {
    if (this.#firstLooksEndMs === null || ((again || !this.detector.idle) && Date.now() < this.#firstLooksEndMs)) return;
    this.#firstLooksEndMs = null;
    this.alerts.resolveForgotten();
  }
}
