import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Store } from '#catalog';
import { systemClock } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { mayComeBack, pauseAfter } from './back-off.js';
import { ExecutionRunner } from './execution-runner.service.js';

/** Takes up what is unfinished when the server starts, person by person and in the order of creation, without anybody asking. */
@Injectable()
export class TakeUp implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger(TakeUp.name);
  readonly #shutdown = new AbortController();
  #looked: Promise<void> = Promise.resolve();
  /** Resolves when there is no memory left that was not to be had then. */
  #waitingFor: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly runner: ExecutionRunner,
  ) {}

  onApplicationBootstrap(): void {
    this.#looked = this.#lookEverywhere()
      .then((missed) => {
        this.#waitingFor = Promise.all(missed.map((store) => this.#takeUpLater(store)));
      })
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'executions can not be taken up');
      });
  }

  async onModuleDestroy(): Promise<void> {
    this.#shutdown.abort();
    await this.#looked;
    await this.#waitingFor;
  }

  /** Resolves when everybody's unfinished executions were looked for once. */
  get looked(): Promise<void> {
    return this.#looked;
  }

  /** @returns the stores that are not to be had at the moment. */
  async #lookEverywhere(): Promise<Store[]> {
    const missed: Store[] = [];
    for (let after: string | null = null; !this.#shutdown.signal.aborted;) {
      const page = await this.catalog.stores.listWithWork({ limit: 100, after });
      for (const store of page.items) {
        if (this.#shutdown.signal.aborted || store.state !== 'active') continue;
        if (!(await this.#takeUp(store))) missed.push(store);
      }
      if (page.next === null) break;
      after = page.next;
    }
    return missed;
  }

  /** Takes up what is unfinished in one memory. @returns false when it should be tried again. */
  async #takeUp({ userId, storeId }: Store): Promise<boolean> {
    try {
      const unfinished = await this.db.lendOf(userId, (memory) => memory.read(({ executions }) => executions.unfinished()));
      for (const { id } of unfinished) {
        if (this.runner.runs(id)) continue;
        this.#log.log({ userId, executionId: id }, 'execution taken up');
        this.runner.start(userId, id);
      }
      // Opening a memory takes its time: the next start leaves those alone that have nothing to do.
      if (unfinished.length === 0) await this.catalog.stores.hasNoWork(userId);
      return true;
    } catch (error) {
      this.#log.error({ userId, storeId, err: error }, 'executions of a memory can not be taken up');
      return !mayComeBack(error);
    }
  }

  /** Waits for a memory that somebody else holds, whose disk is full, or that was rescued and is not put back yet. */
  async #takeUpLater(store: Store): Promise<void> {
    for (let failures = 0; !this.#shutdown.signal.aborted; failures++) {
      await systemClock.sleep(pauseAfter(failures), this.#shutdown.signal).catch(() => undefined);
      if (this.#shutdown.signal.aborted || (await this.#takeUp(store))) return;
    }
  }
}
