import { Injectable } from '@nestjs/common';
import type { MigrationDocument, Store } from '#catalog';
import { Conflict, InvalidInput, steadyClock } from '#core';
import type { MemoryStore } from '#memory';
import { CatalogService } from '../../catalog/catalog.service.js';
import { Config } from '../../config/config.js';
import { DbConnectionService } from '../../db-connection/db-connection.service.js';
import { settleMemory } from '../memory-account.js';
import { MigrationJobs } from '../migration-jobs.service.js';
import type { Person } from '../people.js';
import { planHash } from '../plan-body.js';
import type { Progress } from '../progress.js';
import type { FileReport } from '../scan-report.js';
import { ScratchMemories } from '../scratch-memories.js';
import { UnassignedMemory } from '../../db-connection/unassigned-memory.service.js';
import type { Merge, MergePlanBody } from './merge-body.js';
import { fileOf, receiveMemory } from './memory-source.js';

/** Says what would become of two memories, by making one of copies of them. */
@Injectable()
export class MergePlanner {
  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly unassigned: UnassignedMemory,
    private readonly jobs: MigrationJobs,
  ) {}

  /**
   * Begins a plan. Nobody's memory is changed, and nobody waits.
   * @throws InvalidInput for one person; NotFound; Conflict when one of the memories can't be merged, and while another migration is under way.
   */
  async plan(fromUserId: string, intoUserId: string, actor: string): Promise<MigrationDocument> {
    if (fromUserId === intoUserId)
      throw new InvalidInput('A memory can not be merged into itself.', [
        { pointer: '/intoUserId', detail: 'must be another person than fromUserId' },
      ]);
    const [from, into] = [await this.#person(fromUserId), await this.#person(intoUserId)];
    const store = await this.mergeable(fromUserId, intoUserId);
    return this.jobs.make('merge-plan', actor, async (progress, planId) => {
      const body = await this.#tryOut({ from, into, store }, planId, progress);
      return { body, hash: planHash(body) };
    });
  }

  /**
   * The store that is to be merged into somebody else's.
   * @throws Conflict when there is none, or one of the two was merged into another before or is being moved.
   */
  async mergeable(fromUserId: string, intoUserId: string): Promise<Store> {
    const store = await this.catalog.stores.find(fromUserId);
    if (!store)
      throw new Conflict(
        `User ${fromUserId} has no memory of their own. Bind the identity instead: POST /api/v2/users/${intoUserId}/aliases.`,
      );
    const into = await this.catalog.stores.find(intoUserId);
    for (const each of [store, into])
      if (each?.state === 'archived' || each?.state === 'moving')
        throw new Conflict(
          each.state === 'archived'
            ? `The memory of user ${each.userId} was merged into another one already. Take that merge back first, or merge with that one.`
            : `The memory of user ${each.userId} is being moved. Wait until that has ended, or take the merge back that could not end.`,
        );
    if ((await this.catalog.aliases.list(intoUserId)).length === 0)
      throw new Conflict(
        `User ${intoUserId} has no identity left, so nobody could open the merged memory. Merge into somebody who has one.`,
      );
    return store;
  }

  async #tryOut(
    { from, into, store }: { readonly from: Person; readonly into: Person; readonly store: Store },
    planId: string,
    progress: Progress,
  ): Promise<MergePlanBody> {
    const begun = steadyClock.now();
    const merge: Merge = { fromUserId: store.userId, intoUserId: into.key, storeId: store.storeId, location: store.location };
    await using memories = await ScratchMemories.empty(this.config.dataDir, this.catalog, this.db, this.unassigned);
    const context = { runId: planId, progress, encryptionKey: this.config.encryptionKey };
    const { file, account, report } = await memories.lend(from, (source) =>
      memories.lend(into, async (target) => {
        const file = await receiveMemory(merge, { source, target }, context);
        progress.signal.throwIfAborted();
        progress.phase('settling', { memories: 1 });
        const account = await settleMemory(target, planId, into.key);
        progress.memory();
        return { file, account, report: await memoryReport(source, merge) };
      }),
    );
    return {
      merge,
      scan: { roots: [], files: [report], findings: [] },
      people: [from, into],
      assignments: [],
      files: [file],
      memories: [account],
      seconds: Math.round((steadyClock.now() - begun) / 100) / 10,
    };
  }

  /** @throws NotFound */
  async #person(userId: string): Promise<Person> {
    const { name } = await this.catalog.users.get(userId);
    return { key: userId, userId, name, names: (await this.catalog.aliases.list(userId)).map((alias) => alias.name) };
  }
}

/** A memory in the words of a scan. */
async function memoryReport(store: MemoryStore, { storeId, location }: Merge): Promise<FileReport> {
  const { fileBytes, walBytes } = await store.size();
  return {
    path: location,
    engine: 'duckdb',
    role: 'memory',
    bytes: fileBytes + walBytes,
    sha256: fileOf(storeId),
    sameAs: null,
    is: 'this-server',
    releases: [],
    hybrid: false,
    tables: [],
    names: {},
  };
}
