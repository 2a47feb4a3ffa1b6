import { dirname } from 'node:path';
import { realpath } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import type { Store } from '#catalog';
import { DomainError } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { StoreInspection, type StoreFacts } from '../db-connection/store-inspection.service.js';
import { DiskSpace } from './disk-space.js';
import type { Part } from './health-report.js';
import { inTime, LATE } from './patience.js';
import { judgeStore, ownerOf } from './store-verdict.js';
import { Verdict } from './verdict.js';

/** How one person's memory is. */
@Injectable()
export class DatabaseHealth {
  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly stores: StoreInspection,
    private readonly disk: DiskSpace,
  ) {}

  async of(userId: string): Promise<Part> {
    const name = 'database';
    const verdict = new Verdict();
    const store = await this.catalog.stores.find(userId);
    if (!store) return { name, verdict, details: { store: null, thresholds: this.#thresholds() } };
    if (store.state === 'active') await this.#open(verdict, store);
    const facts = await this.stores.look(store);
    const freeBytes = await this.disk.freeBytes(await placeOf(facts));
    judgeStore(verdict, facts, this.config.quotas.storeBytes);
    this.disk.judge(verdict, freeBytes, 'the memory');
    return { name, verdict, details: { store: { ...storeView(facts), freeBytes }, thresholds: this.#thresholds() } };
  }

  /** Only whoever opens it knows whether it can be had, and whose it is. */
  async #open(verdict: Verdict, { userId }: Store): Promise<void> {
    try {
      const opened = await inTime(this.db.lendOf(userId, async () => undefined));
      if (opened === LATE) verdict.fail('the memory can not be opened at once; it is tried on');
    } catch (error) {
      verdict.fail(error instanceof DomainError ? error.message : 'the memory can not be opened; the log says why');
    }
  }

  #thresholds(): object {
    const { diskWarningBytes, diskLeastBytes } = this.config.health;
    return { quotaBytes: this.config.quotas.storeBytes, diskWarningBytes, diskLeastBytes };
  }
}

/** The folder in which a memory really is: its file may be a link to another disk. */
async function placeOf({ path }: StoreFacts): Promise<string> {
  return dirname(await realpath(path).catch(() => path));
}

function storeView(facts: StoreFacts): object {
  const { store, path, exists, writable, fileBytes, walBytes, open, handles, openedAt, lastWriteAt, lastCheckpointAt, switches } = facts;
  return {
    storeId: store.storeId,
    backend: store.backend,
    state: store.state,
    location: path,
    exists,
    writable,
    sizeBytes: fileBytes,
    walBytes,
    open,
    handles,
    openedAt: moment(openedAt),
    lastWriteAt: moment(lastWriteAt),
    lastCheckpointAt: moment(lastCheckpointAt),
    owner: ownerOf(facts),
    switches: switches.map(({ kind, reason, since, times }) => ({ kind, reason, since: since.toISOString(), times })),
  };
}

function moment(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
