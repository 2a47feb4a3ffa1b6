import { chmod, mkdir, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Store } from '#catalog';
import { DomainError, StoreSwitched, Unavailable } from '#core';
import {
  DatabaseHeld,
  DatabaseMissing,
  DatabaseRegistry,
  duckDbKey,
  openDuckDb,
  removeDrafts,
  type DatabaseSize,
  type RegistryStats,
} from '#database';
import { MemoryStore, type MemoryReaders, type MemoryTables, type MemoryWriters, type Owner, type OwnerAlias } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { UserContextService } from '../user-context/user-context.service.js';

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

/**
 * Lends people their memory. Nothing here is global: a memory is found by the user's id in the catalog, opened once in this process, and lent for
 * the length of a callback. What the catalog names is opened, or refused; it is never replaced by something empty.
 */
@Injectable()
export class DbConnectionService implements OnModuleInit, OnApplicationShutdown {
  readonly #log = new Logger(DbConnectionService.name);
  readonly #stores: DatabaseRegistry<MemoryStore>;
  /** Whose memory each open one was found to be. */
  readonly #storeIds = new WeakMap<MemoryStore, string>();

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
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
  async lendOf<T>(userId: string, fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    const store = (await this.catalog.stores.find(userId)) ?? (await this.#provision(userId));
    if (store.state === 'archived' || store.state === 'moving') {
      throw new Unavailable(`Your memory is ${store.state} and can't be used at the moment.`, 30_000);
    }
    const place = { directory: this.config.memoryDir, file: store.location };
    return this.#stores.lend(
      await duckDbKey(place),
      () => this.#open(store),
      (memory) => {
        this.#assertOwn(memory, store);
        return fn(memory);
      },
    );
  }

  /** Opening compares the owner; a link in place of a person's file can lead to somebody else's that is open already. @throws StoreSwitched */
  #assertOwn(memory: MemoryStore, { storeId, userId, location }: Store): void {
    if (this.#storeIds.get(memory) === storeId) return;
    const error = new StoreSwitched(
      `The memory of user ${userId} is not the one that the catalog names: its file leads to another person's. ` +
        'It is refused, and nothing was changed. An administrator has to put the right file back.',
    );
    this.#log.error({ storeId, userId, file: location }, `switch refused: ${error.message}`);
    throw error;
  }

  /** What can be said of the store of a user, who may not have one yet. */
  async status(userId: string): Promise<StoreStatus | null> {
    const store = await this.catalog.stores.find(userId);
    if (!store) return null;
    const { storeId, backend, state, location } = store;
    const exists = (await stat(join(this.config.memoryDir, location)).catch(() => null)) !== null;
    const open = this.#stores.isOpen(await duckDbKey({ directory: this.config.memoryDir, file: location }));
    const { size, fault } = state === 'active' ? await this.#sizeOf(userId) : { size: null, fault: null };
    return { storeId, backend, state, location: join(this.config.memoryDir, location), exists, open, size, fault };
  }

  /**
   * Writes a person's identities, as the catalog has them now, into their memory, from which a lost catalog is rebuilt. Where that can't be done
   * at the moment it is made up for when the memory is next opened.
   */
  async rememberAliases(userId: string): Promise<void> {
    const store = await this.catalog.stores.find(userId);
    if (store?.state !== 'active') return;
    await this.lendOf(userId, (memory) => this.#writeAliases(memory, userId)).catch(this.#aliasesNotWritten(store));
  }

  stats(): RegistryStats {
    return this.#stores.stats();
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
    return this.catalog.stores.provision(userId, { backend: 'duckdb', location: memoryFileName(this.config.salt, name) });
  }

  async #open(store: Store): Promise<MemoryStore> {
    // A state that was read before somebody else finished the provisioning must not let a lost file be made anew.
    const { state } = (await this.catalog.stores.find(store.userId)) ?? store;
    const provisioning = state === 'provisioning';
    try {
      const owner = await this.#ownerOf(store);
      const database = await openDuckDb<MemoryTables>(
        { directory: this.config.memoryDir, file: store.location },
        { create: provisioning, heldTimeoutMs: this.config.dbConnectionTimeoutMs, heldRetries: this.config.dbMaxRetries },
      );
      const memory = await MemoryStore.open(database, store.location, owner, provisioning);
      try {
        if (provisioning) await this.catalog.stores.transition(store.storeId, 'provisioning', 'active', 'system');
        await this.#writeAliases(memory, store.userId).catch(this.#aliasesNotWritten(store));
        this.#storeIds.set(memory, store.storeId);
        return memory;
      } catch (error) {
        await memory.close();
        throw error;
      }
    } catch (error) {
      if (error instanceof DatabaseMissing || error instanceof StoreSwitched) {
        this.#log.error({ storeId: store.storeId, userId: store.userId, file: store.location }, `switch refused: ${error.message}`);
      }
      if (error instanceof DatabaseHeld) {
        this.#log.error({ storeId: store.storeId, file: store.location, holderPid: error.holderPid }, 'memory held by another process');
      }
      throw error;
    }
  }

  async #ownerOf(store: Store): Promise<Owner> {
    const { issuer, name } = await this.catalog.users.get(store.userId);
    return { store_id: store.storeId, user_id: store.userId, issuer, name, aliases: await this.#aliasesOf(store.userId) };
  }

  async #aliasesOf(userId: string): Promise<readonly OwnerAlias[]> {
    return (await this.catalog.aliases.list(userId)).map(({ issuer, name }) => ({ issuer, name }));
  }

  async #writeAliases(memory: MemoryStore, userId: string): Promise<void> {
    const unknown = async ({ owner }: MemoryReaders): Promise<readonly OwnerAlias[] | null> => {
      const aliases = await this.#aliasesOf(userId);
      return isDeepStrictEqual((await owner.find())?.aliases, aliases) ? null : aliases;
    };
    if ((await memory.read(unknown)) === null) return;
    await memory.transact(async (writers) => {
      // Asked again, where writers wait for each other: of two changes at once, the later one stays.
      const aliases = await unknown(writers);
      if (aliases) await writers.owner.setAliases(aliases);
    });
  }

  /** A full disk must not keep anybody from reading. */
  #aliasesNotWritten({ storeId, userId }: Store) {
    return (error: unknown): void => {
      this.#log.warn(
        { storeId, userId, err: error },
        'the aliases could not be written into the memory; they will be when it is next opened',
      );
    };
  }
}

/** The file of a new memory: ViolentUTF's naming, so that its people recognise it. Fixed in the catalog from then on. */
export function memoryFileName(salt: string, canonicalName: string): string {
  return `pyrit_memory_${createHash('sha256').update(`${salt}:${canonicalName}`).digest('hex').slice(0, 16)}.db`;
}
