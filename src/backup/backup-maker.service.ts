import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { BACKUP_FORMAT, BackupDraft, bytesOf, fingerprintsOf, type Manifest } from '#backup';
import { Catalog, CATALOG_SCHEMA, type Store } from '#catalog';
import { Conflict, DomainError, NotFound } from '#core';
import { DatabaseClosing, DatabaseFull } from '#database';
import { MEMORY_SCHEMA } from '#memory';
import { CATALOG_FILE } from '../catalog/catalog-files.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { UnassignedMemory } from '../db-connection/unassigned-memory.service.js';
import { allStores } from './all-stores.js';
import type { BackupRun } from './backup-progress.js';
import { assertSpace } from './backup-space.js';
import { serverVersion } from './server-version.js';

/**
 * Makes a backup: the catalog first, then each memory that this copy of it names, one after the other, each as it is at one moment. So the memories are
 * newer than the catalog, as they are after a crash, which everything is made to go on from: a merge that the copy says is under way is done again, rows
 * that are there are passed over. The other way round the catalog could name a memory that is not in the backup, or say of a merge that it is over whose
 * rows are in neither copy. Who comes after the catalog was copied is not in the backup at all.
 */
@Injectable()
export class BackupMaker {
  readonly #log = new Logger(BackupMaker.name);

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly unassigned: UnassignedMemory,
  ) {}

  /** @throws NotFound; Conflict while a merge or an erasure is under way; Unavailable when the disk would be filled. */
  async assertPossible(userId: string | null): Promise<void> {
    if (userId !== null && !(await this.#ownedBy(userId))) throw new NotFound('memory of the user', userId);
    const merge = (await this.catalog.migrations.unfinished()).find(({ kind }) => kind === 'merge-run');
    if (merge) throw new Conflict(`Two memories are being merged (${merge.documentId}). Back up when that has ended.`);
    const [erasure] = await this.catalog.erasures.unfinished();
    if (erasure) throw new Conflict(`The user ${erasure.userId} is being erased. Back up when that has ended.`);
    await mkdir(this.config.backup.dir, { recursive: true, mode: 0o700 });
    const sizes = await this.#sizes(userId);
    const whole = sizes.reduce((sum, bytes) => sum + bytes, 0);
    // Each copy is made beside its original first. On one disk it is then only given another name.
    const sameDisk = (await stat(this.config.backup.dir)).dev === (await stat(this.config.memoryDir)).dev;
    const beside = sameDisk ? [] : [{ directory: this.config.memoryDir, bytes: Math.max(0, ...sizes) }];
    await assertSpace([{ directory: this.config.backup.dir, bytes: whole }, ...beside]);
  }

  /** @throws whatever keeps it from becoming a backup; then there is nothing of it. */
  async make(run: BackupRun, signal: AbortSignal): Promise<Manifest> {
    const { id, userId, begunAt } = run;
    const head = {
      format: BACKUP_FORMAT,
      id,
      userId,
      begunAt,
      serverVersion: await serverVersion(),
      fingerprints: fingerprintsOf(this.config),
    };
    await using draft = await BackupDraft.begin(this.config.backup.dir, head);
    const stores = userId === null ? await this.#addCatalog(draft, signal) : await this.#ownedBy(userId).then((own) => (own ? [own] : []));
    for (const [index, store] of stores.entries()) {
      run.progress = { memoriesDone: index, memories: stores.length, bytes: bytesOf(draft) };
      signal.throwIfAborted();
      await this.#addMemory(draft, store, signal);
    }
    if (userId === null) await this.#addUnassigned(draft, signal);
    run.progress = { memoriesDone: stores.length, memories: stores.length, bytes: bytesOf(draft) };
    await this.#assertNothingMoved(stores);
    signal.throwIfAborted();
    return await draft.finish(new Date().toISOString());
  }

  /** @returns the stores that it names. */
  async #addCatalog(draft: BackupDraft, signal: AbortSignal): Promise<Store[]> {
    const stores: Store[] = [];
    const file = { kind: 'catalog', path: CATALOG_FILE, schema: CATALOG_SCHEMA, storeId: null, userId: null } as const;
    const copy = async (path: string): Promise<void> => {
      await this.catalog.copyTo(path);
      await using catalog = await Catalog.open({ directory: draft.folder, file: CATALOG_FILE }, { create: false });
      stores.push(...(await allStores(catalog)));
    };
    await draft.add(file, copy, signal);
    return stores;
  }

  async #addMemory(draft: BackupDraft, { storeId, userId, location, state }: Store, signal: AbortSignal): Promise<void> {
    // Nothing was ever in it, if it is not in use by now: the server makes it when its person comes.
    if (state === 'provisioning' && (await this.catalog.stores.find(userId))?.state === 'provisioning') return;
    const file = { kind: 'memory', path: `memories/${location}`, schema: MEMORY_SCHEMA, storeId, userId } as const;
    const copy = (path: string): Promise<void> => this.db.copyOf({ storeId, userId }, path);
    try {
      await draft.add(file, (path) => copy(path).catch((error: unknown) => this.#again(error, signal, () => copy(path))), signal);
    } catch (error) {
      if (!(error instanceof DomainError) || error instanceof DatabaseFull || signal.aborted) throw error;
      this.#log.error({ backupId: draft.name, storeId, userId, err: error }, 'a memory could not be backed up');
      draft.skip({ storeId, userId, reason: error.message });
    }
  }

  /** What was closed meanwhile, for whatever reason, is opened once more. */
  #again(error: unknown, signal: AbortSignal, copy: () => Promise<void>): Promise<void> {
    if (error instanceof DatabaseClosing && !signal.aborted) return copy();
    throw error;
  }

  async #addUnassigned(draft: BackupDraft, signal: AbortSignal): Promise<void> {
    if ((await this.unassigned.bytes()) === null) return;
    const file = { kind: 'unassigned', path: 'unassigned.db', schema: MEMORY_SCHEMA, storeId: null, userId: null } as const;
    await draft.add(file, (path) => this.unassigned.lend((memory) => memory.copyTo(path)), signal);
  }

  /** @throws Conflict when a merge, or the undoing of one, came between the copy of the catalog and the end. */
  async #assertNothingMoved(stores: readonly Store[]): Promise<void> {
    const settled = ['active', 'moving', 'archived'];
    for (const { storeId, userId, state } of stores) {
      const now = await this.catalog.stores.find(userId);
      const comparable = now?.storeId === storeId && settled.includes(now.state) && settled.includes(state);
      if (comparable && now.state !== state)
        throw new Conflict('Two memories were merged, or parted, while the backup was made. Make it again.');
    }
  }

  async #sizes(userId: string | null): Promise<number[]> {
    const bytesAt = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0;
    const filed = async (path: string): Promise<number> => (await bytesAt(path)) + (await bytesAt(`${path}.wal`));
    const stores = userId === null ? await allStores(this.catalog) : await this.#ownedBy(userId).then((own) => (own ? [own] : []));
    const sizes = userId === null ? [await filed(join(this.config.dataDir, CATALOG_FILE)), (await this.unassigned.bytes()) ?? 0] : [];
    for (const { location } of stores) sizes.push(await filed(join(this.config.memoryDir, location)));
    return sizes;
  }

  /** Their store, if there is something in it. */
  async #ownedBy(userId: string): Promise<Store | null> {
    const store = await this.catalog.stores.find(userId);
    return store?.state === 'provisioning' ? null : store;
  }
}
