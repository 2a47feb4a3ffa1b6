import { Injectable, Logger } from '@nestjs/common';
import type { RetentionRule, Store } from '#catalog';
import { Conflict, NotFound, systemClock } from '#core';
import type { RetentionLimits } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { UserContextService } from '../user-context/user-context.service.js';
import type { RetentionDto, RetentionPreviewDto, RetentionPreviewQuery } from './retention.dto.js';

const DAY_MS = 86_400_000;
/** In one transaction: whoever works in the memory meanwhile is to wait for no longer. */
const CONVERSATIONS_AT_ONCE = 200;
const EXECUTIONS_AT_ONCE = 50;

/** What was removed from one memory. */
export interface Removed {
  readonly executions: number;
  readonly conversations: number;
}

/** Removes what people, or the operator for all of them, no longer want to be kept. Who says nothing keeps everything. */
@Injectable()
export class RetentionService {
  readonly #log = new Logger(RetentionService.name);

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
    private readonly db: DbConnectionService,
  ) {}

  async mine(): Promise<RetentionDto> {
    return { ...(await this.catalog.retentionRules.of(this.users.current().userId)), limitDays: this.config.retention.days };
  }

  async setMine({ executionsDays, conversationsDays }: RetentionRule): Promise<RetentionDto> {
    const { userId } = this.users.current();
    await this.catalog.retentionRules.set(userId, { executionsDays, conversationsDays }, userId);
    return this.mine();
  }

  /** What would go now. A rule in the query is taken whole. */
  async preview({ executionsDays, conversationsDays }: RetentionPreviewQuery): Promise<RetentionPreviewDto> {
    const tried = executionsDays !== undefined || conversationsDays !== undefined;
    const rule = tried ? { executionsDays: executionsDays ?? null, conversationsDays: conversationsDays ?? null } : await this.mine();
    const limits = this.#limitsOf(rule);
    return { ...limits, ...(await this.db.read(({ retention }) => retention.count(limits))) };
  }

  /**
   * Goes through all memories for which there is a rule, those first that nobody uses at the moment. A memory that can't be had is left for the next time.
   * @param stop ends it between two batches.
   */
  async applyAll(stop: AbortSignal): Promise<void> {
    const rules = await this.catalog.retentionRules.all();
    const [idle, busy]: [Store[], Store[]] = [[], []];
    for await (const store of this.#stores()) {
      if (store.state !== 'active' || (this.config.retention.days === null && !rules.has(store.userId))) continue;
      ((await this.db.isOpen(store)) ? busy : idle).push(store);
    }
    for (const store of [...idle, ...busy]) {
      if (stop.aborted) return;
      const { storeId, userId } = store;
      try {
        await this.#apply(store, this.#limitsOf(rules.get(userId) ?? { executionsDays: null, conversationsDays: null }), stop);
      } catch (error) {
        this.#log.warn({ storeId, userId, err: error }, 'what is not to be kept could not be removed; it is tried again next time');
      }
    }
  }

  async #apply(store: Store, { executionsBefore, conversationsBefore }: RetentionLimits, stop: AbortSignal): Promise<void> {
    const { storeId, userId } = store;
    const wasOpen = await this.db.isOpen(store);
    const removed = {
      executions: executionsBefore === null ? 0 : await this.#removeExecutions(userId, executionsBefore, stop),
      conversations: conversationsBefore === null ? 0 : await this.#removeConversations(userId, conversationsBefore, stop),
    };
    if (!wasOpen) await this.db.releaseOf(userId);
    if (removed.executions + removed.conversations === 0) return;
    await this.catalog.audit.append('system', 'retention.applied', storeId, removed);
    this.#log.log({ storeId, userId, ...removed }, 'what was not to be kept was removed');
  }

  async #removeExecutions(userId: string, before: string, stop: AbortSignal): Promise<number> {
    for (let removed = 0; ;) {
      const ids = await this.db.lendOf(userId, (store) => store.read(({ retention }) => retention.executions(before, EXECUTIONS_AT_ONCE)));
      const earlier = removed;
      for (const id of ids) {
        if (stop.aborted) return removed;
        if (await this.#removeExecution(userId, id)) removed += 1;
      }
      if (removed === earlier) return removed;
    }
  }

  /** @returns false when somebody was faster: it goes on again, or is gone. */
  #removeExecution(userId: string, id: string): Promise<boolean> {
    return this.db
      .lendOf(userId, (store) => store.transact(({ executions }) => executions.delete(id)))
      .then(
        () => true,
        (error: unknown) => {
          if (error instanceof Conflict || error instanceof NotFound) return false;
          throw error;
        },
      );
  }

  async #removeConversations(userId: string, before: string, stop: AbortSignal): Promise<number> {
    for (let removed = 0; ;) {
      if (stop.aborted) return removed;
      const now = await this.db.lendOf(userId, (store) =>
        store.transact(({ retention }) => retention.removeConversations(before, CONVERSATIONS_AT_ONCE)),
      );
      if (now === 0) return removed;
      removed += now;
    }
  }

  async *#stores(): AsyncGenerator<Store> {
    for (let after: string | null = null; ;) {
      const page: { readonly items: readonly Store[]; readonly next: string | null } = await this.catalog.stores.list({
        limit: 500,
        after,
      });
      yield* page.items;
      if (page.next === null) return;
      after = page.next;
    }
  }

  #limitsOf({ executionsDays, conversationsDays }: RetentionRule): RetentionLimits {
    const before = (days: number | null): string | null => {
      const shortest = Math.min(days ?? Infinity, this.config.retention.days ?? Infinity);
      return shortest === Infinity ? null : new Date(systemClock.now() - shortest * DAY_MS).toISOString();
    };
    return { executionsBefore: before(executionsDays), conversationsBefore: before(conversationsDays) };
  }
}
