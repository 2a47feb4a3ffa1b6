import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Store } from '#catalog';
import { DomainError, NotFound, Unavailable } from '#core';
import {
  DatabaseCorrupt,
  DatabaseRegistry,
  duckDbKey,
  removeDrafts,
  type DatabaseActivity,
  type DatabaseSize,
  type DuckDbLocation,
  type RegistryStats,
} from '#database';
import type { MemoryReaders, MemoryStore, MemoryWriters } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { IdentityFlipReports } from './identity-flip-reports.service.js';
import { memoryFileName } from './memory-file-name.js';
import { MemoryOpener } from './memory-opener.service.js';
import type { OpenMemory } from './open-memory.js';
import { RescuesService } from './rescues.service.js';
import { StoreFiles } from './store-files.service.js';
import { aliasesNotWritten, writeAliases } from './store-owner.js';
import { StoreFaults } from './store-faults.service.js';

/** How long those who hold a memory that has lost its place may still take. */
const RECALL_GRACE_MS = 5_000;

/** What can be said of a person's store without looking into it. */
export interface StoreStatus {
  readonly storeId: string;
  readonly backend: Store['backend'];
  readonly state: Store['state'];
  readonly location: string;
  readonly exists: boolean;
  readonly open: boolean;
  readonly size: DatabaseSize | null;
  /** Why it can't be opened, or null. */
  readonly fault: string | null;
}

/** A memory that is open. */
export interface StoreHandle extends DatabaseActivity {
  readonly leases: number;
}

/**
 * Lends people their memory. Nothing here is global: a memory is found by the user's id in the catalog, opened once in this process, and lent for
 * the length of a callback. What the catalog names is opened, or refused; it is never replaced by something empty.
 */
@Injectable()
export class DbConnectionService implements OnModuleInit, OnApplicationShutdown {
  readonly #log = new Logger(DbConnectionService.name);
  readonly #stores: DatabaseRegistry<OpenMemory>;
  /** Those that are being looked at. */
  readonly #looking = new Set<string>();

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
    private readonly rescues: RescuesService,
    private readonly opener: MemoryOpener,
    private readonly faults: StoreFaults,
    private readonly files: StoreFiles,
    private readonly flips: IdentityFlipReports,
  ) {
    this.#stores = new DatabaseRegistry({ maxOpen: config.dbMaxOpen });
  }

  async onModuleInit(): Promise<void> {
    await mkdir(this.config.memoryDir, { recursive: true, mode: 0o700 });
    // It may have been there before, for everybody to look into.
    await chmod(this.config.memoryDir, 0o700);
    await removeDrafts(this.config.memoryDir);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stores.close();
    await this.rescues.finish();
    await this.files.finish();
  }

  /** Runs `fn` on a snapshot of the current user's memory. */
  read<T>(fn: (memory: MemoryReaders) => Promise<T>): Promise<T> {
    return this.lend((store) => store.read(fn));
  }

  /** Runs `fn` in a transaction of the current user's memory. */
  transact<T>(fn: (memory: MemoryWriters) => Promise<T>): Promise<T> {
    return this.lend((store) => store.transact(fn));
  }

  /** Lends the current user's memory, made at the first use. */
  lend<T>(fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    return this.lendOf(this.users.current().userId, fn);
  }

  /** Lends somebody's memory to work that is done for them. @throws StoreSwitched, Unavailable and the errors of opening */
  lendOf<T>(userId: string, fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    return this.#lendIf(
      userId,
      (store) => {
        assertUsable(store);
        this.files.assertTrusted(store.storeId);
      },
      fn,
    );
  }

  /** Lends a memory that is moving or archived to whoever has withheld it. @throws as `lendOf` does */
  lendWithheld<T>(userId: string, fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    return this.#lendIf(userId, () => undefined, fn);
  }

  /** Closes a memory that the catalog says is moving or archived: whoever still has it is cut off, and nobody is lent it from then on. */
  async withhold(userId: string): Promise<void> {
    const store = await this.catalog.stores.find(userId);
    if (store) await this.#stores.recall(await this.#keyOf(store), RECALL_GRACE_MS);
  }

  /**
   * Runs `fn` while a memory that the catalog says is moving or archived is closed and nobody can open it, for whatever reason: whoever still has it
   * is cut off. @throws DatabaseInUse while it is written anew, or when somebody goes on holding it
   */
  async whileWithheld<T>(userId: string, fn: () => Promise<T>): Promise<T> {
    const store = await this.catalog.stores.find(userId);
    if (!store) return fn();
    const key = await this.#keyOf(store);
    await this.#stores.recall(key, RECALL_GRACE_MS);
    return this.#stores.whileClosed(key, RECALL_GRACE_MS, fn);
  }

  /** Makes a copy of somebody's memory at `path`, as it is at one moment, while it is used; a withheld one too. It stays open only if it was. */
  async copyOf({ userId, storeId }: Pick<Store, 'userId' | 'storeId'>, path: string): Promise<void> {
    const store = await this.catalog.stores.find(userId);
    if (store?.storeId !== storeId) throw new NotFound('store', storeId);
    const wasOpen = await this.isOpen(store);
    try {
      await this.lendWithheld(userId, (memory) => memory.copyTo(path));
    } finally {
      if (!wasOpen) await this.releaseOf(userId);
    }
  }

  /**
   * Runs `fn` while somebody's memory is closed and nobody can open it: who comes meanwhile waits.
   * @throws NotFound; StoreSwitched for one that waits in the quarantine; DatabaseInUse when somebody still uses it after `patienceMs`.
   */
  async whileClosed<T>(userId: string, patienceMs: number, fn: (place: DuckDbLocation) => Promise<T>): Promise<T> {
    const store = await this.catalog.stores.find(userId);
    if (store?.state !== 'active') throw new NotFound('active memory of the user', userId);
    const place = { directory: this.config.memoryDir, file: store.location };
    return this.#stores.whileClosed(await this.#keyOf(store), patienceMs, async () => {
      // It may have lost its place when it was closed.
      await this.rescues.assertInPlace(store.storeId);
      return fn(place);
    });
  }

  /** @param admit throws for a store that is not to be lent in its present state. */
  async #lendIf<T>(userId: string, admit: (store: Store) => void, fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    const store = (await this.catalog.stores.find(userId)) ?? (await this.#provision(userId));
    admit(store);
    await this.rescues.assertInPlace(store.storeId);
    return this.#stores.lend(
      await this.#keyOf(store),
      () => this.opener.open(store),
      async (open) => {
        this.opener.assertOwn(open, store);
        // It may have been withheld meanwhile. What is lent from here on is waited for by whoever withholds it.
        admit((await this.catalog.stores.find(userId)) ?? store);
        return fn(open.memory).catch((error: unknown) => {
          // What is damaged may show only when it is read.
          if (error instanceof DatabaseCorrupt) this.faults.report(store, error, 'reading');
          throw error;
        });
      },
    );
  }

  #keyOf({ location }: Store): Promise<string> {
    return duckDbKey({ directory: this.config.memoryDir, file: location });
  }

  /** What can be said of the store of a user, who may not have one yet. */
  async status(userId: string): Promise<StoreStatus | null> {
    const store = await this.catalog.stores.find(userId);
    if (!store) return null;
    const { storeId, backend, state, location } = store;
    const exists = (await stat(join(this.config.memoryDir, location)).catch(() => null)) !== null;
    const open = this.#stores.isOpen(await this.#keyOf(store));
    const { size, fault } = state === 'active' ? await this.#sizeOf(userId) : { size: null, fault: null };
    return { storeId, backend, state, location: join(this.config.memoryDir, location), exists, open, size, fault };
  }

  /**
   * Writes a person's identities, as the catalog has them now, into their memory, from which a lost catalog is rebuilt. Where that can't be done
   * at the moment it is made up for when the memory is next opened.
   */
  async rememberAliases(userId: string): Promise<void> {
    const store = await this.catalog.stores.find(userId);
    if (store?.state !== 'active' && store?.state !== 'archived') return;
    await this.lendWithheld(userId, (memory) => writeAliases(this.catalog, memory, userId)).catch(aliasesNotWritten(this.#log, store));
  }

  /** Closes somebody's memory if nobody uses it at the moment; whoever asks next opens it again. */
  async releaseOf(userId: string): Promise<void> {
    const store = await this.catalog.stores.find(userId);
    if (store) await this.#stores.release(await duckDbKey({ directory: this.config.memoryDir, file: store.location }));
  }

  /** What the open memories have done, and how many hold them, by the ids of their stores. */
  handles(): ReadonlyMap<string, StoreHandle> {
    const handles = new Map<string, StoreHandle>();
    for (const [key, { store, memory }] of this.#stores.open()) {
      handles.set(store.storeId, { leases: this.#stores.peek(key)?.leases ?? 0, ...memory.activity() });
    }
    return handles;
  }

  /** Whether a memory is open at the moment. */
  async isOpen(store: Store): Promise<boolean> {
    return this.#stores.isOpen(await this.#keyOf(store));
  }

  /** The size of the file of a memory; 0 when there is none. */
  async fileBytesOf({ location }: Store): Promise<number> {
    return (await stat(join(this.config.memoryDir, location)).catch(() => null))?.size ?? 0;
  }

  stats(): RegistryStats {
    return this.#stores.stats();
  }

  /**
   * Looks whether all open memories still have their places, begins to rescue those that do not, and tries again what could not be rescued. Resolves
   * when all were looked at whose writers are not busy with a look already.
   */
  async rescueDisplaced(): Promise<void> {
    await Promise.all(this.#stores.open().map(([key, open]) => this.#look(key, open)));
    await this.rescues.retry();
  }

  /** One whose writer is busy keeps no other from being looked at: the next look leaves it alone. */
  async #look(key: string, { memory }: OpenMemory): Promise<void> {
    if (this.#looking.has(key)) return;
    this.#looking.add(key);
    try {
      // What can't be told now is told at the next look, or when it is closed.
      const displaced = await memory.displaced().catch(() => null);
      if (displaced) void this.#stores.recall(key, RECALL_GRACE_MS);
    } finally {
      this.#looking.delete(key);
    }
  }

  /** A fault is an answer here: who asks where a memory is has to be told just when something is wrong with it. */
  #sizeOf(userId: string): Promise<Pick<StoreStatus, 'size' | 'fault'>> {
    return this.lendOf(userId, (memory) => memory.size()).then(
      (size) => ({ size, fault: null }),
      (error: unknown) => {
        if (error instanceof DomainError) return { size: null, fault: error.message };
        throw error;
      },
    );
  }

  async #provision(userId: string): Promise<Store> {
    const { name } = await this.catalog.users.get(userId);
    const place = { backend: 'duckdb', location: memoryFileName(this.config.salt, name) } as const;
    return this.flips.watch(() => this.catalog.stores.provision(userId, place));
  }
}

/** @throws Unavailable */
function assertUsable({ state }: Store): void {
  if (state === 'archived' || state === 'moving') throw new Unavailable(`Your memory is ${state} and can't be used at the moment.`, 30_000);
}
