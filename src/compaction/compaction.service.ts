import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Store } from '#catalog';
import { NotFound } from '#core';
import { compactDuckDb, DatabaseInUse, isBloated, type Compaction } from '#database';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';

/** How long whoever uses a memory is waited for. */
const PATIENCE_MS = 5_000;

/**
 * Writes memories anew without what was deleted in them: the engine keeps that in the file. It is the same memory then, in the same place; who asks for
 * it meanwhile waits.
 */
@Injectable()
export class CompactionService implements OnModuleDestroy {
  readonly #log = new Logger(CompactionService.name);
  readonly #stop = new AbortController();

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
  ) {}

  /** What is being written anew is cut off, and stays as it was. */
  onModuleDestroy(): void {
    this.#stop.abort();
  }

  /**
   * Compacts somebody's memory, bloated or not. @param actor the id of the administrator, or `system`.
   * @throws NotFound when they have none; DatabaseInUse when somebody uses it all the time; StoreSwitched, DatabaseFull, DatabaseCorrupt and the other
   * errors of opening and copying: then it is as it was.
   */
  async compact(userId: string, actor: string, patienceMs = PATIENCE_MS): Promise<Compaction> {
    const store = await this.catalog.stores.find(userId);
    if (store?.state !== 'active') throw new NotFound('active memory of the user', userId);
    // To lend it is to compare whose it is: what somebody else has put there is not touched.
    await this.db.lendOf(userId, (memory) => memory.checkpoint());
    const memoryLimitMb = this.config.dbMemoryLimitMb;
    const compaction = await this.db.whileClosed(userId, patienceMs, (place) =>
      compactDuckDb(place, { memoryLimitMb, signal: this.#stop.signal }),
    );
    const { storeId } = store;
    this.#log.log({ storeId, userId, ...compaction }, 'memory compacted');
    await this.catalog.audit.append(actor, 'store.compacted', storeId, { ...compaction });
    return compaction;
  }

  /** Compacts what is bloated and used by nobody. What is, or can't be opened, is left for the next time. */
  async compactBloated(signal: AbortSignal): Promise<void> {
    for (let after: string | null = null; !signal.aborted;) {
      const page = await this.catalog.stores.list({ limit: 100, after });
      for (const store of page.items) {
        if (signal.aborted || store.state !== 'active') continue;
        await this.#compactIfBloated(store).catch((error: unknown) => {
          if (error instanceof DatabaseInUse) return;
          this.#log.warn({ storeId: store.storeId, userId: store.userId, err: error }, 'a memory could not be compacted');
        });
      }
      if (page.next === null) return;
      after = page.next;
    }
  }

  async #compactIfBloated(store: Store): Promise<void> {
    const { leastFreeBytes } = this.config.compaction;
    const { userId } = store;
    // To open one takes its time: a file in which not even all would be enough is left alone.
    if ((await this.db.fileBytesOf(store)) < leastFreeBytes) return;
    const wasOpen = await this.db.isOpen(store);
    const bloated = await this.db.lendOf(userId, async (memory) =>
      isBloated((await memory.size()).fileBytes, await memory.freeBytes(), leastFreeBytes),
    );
    if (bloated) await this.compact(userId, 'system', 0);
    else if (!wasOpen) await this.db.releaseOf(userId);
  }
}
