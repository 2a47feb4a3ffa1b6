import type { Transaction } from 'kysely';
import { systemClock, type Clock } from '#core';
import {
  compactDuckDb,
  DatabaseRegistry,
  isBloated,
  migrate,
  openDuckDb,
  pendingMigrations,
  type Database,
  type Compaction,
  type DatabaseContent,
  type DuckDbLocation,
  type DuckDbOptions,
} from '#database';
import { migrations } from './migrations.js';
import type { CatalogTables } from './schema.js';

export type CatalogTransaction = Transaction<CatalogTables>;

/** Whether a missing catalog is made; how long, and how often, to wait for one that another process holds; and the clock of the catalog. */
export type CatalogOptions = Pick<DuckDbOptions, 'create' | 'heldTimeoutMs' | 'heldRetries' | 'clock'> & {
  /** How many bytes must hold nothing, and at least half of the file, for it to be written anew when it is first opened; never when left out. */
  readonly compactFreeBytes?: number;
};

/** Few ask it at once, and it is small. */
const ENGINE = { readers: 2, memoryLimitMb: 128 } as const;

/** How long those who have it are waited for. */
const PATIENCE_MS = 10_000;

/** The catalog's database: opened, brought forward, and reopened by itself after a fatal error. The nouns read and write through it. */
export class CatalogStorage {
  readonly clock: Clock;
  /** A registry of one: it is what reopens. */
  readonly #registry = new DatabaseRegistry<Database<CatalogTables>>({ maxOpen: 1 });
  #opened = false;

  constructor(
    private readonly location: DuckDbLocation,
    private readonly options: CatalogOptions,
  ) {
    this.clock = options.clock ?? systemClock;
  }

  /** Runs `fn` on one consistent snapshot. */
  read<T>(fn: (db: CatalogTransaction) => Promise<T>): Promise<T> {
    return this.#registry.lend('catalog', this.#open, (database) => database.read(fn));
  }

  /** Runs `fn` alone in one transaction; undone when it throws. What it checks holds when it writes. */
  transact<T>(fn: (tx: CatalogTransaction) => Promise<T>): Promise<T> {
    return this.#registry.lend('catalog', this.#open, (database) => database.transact((tx) => fn(tx)));
  }

  /** The steps of the schema that the catalog does not have, though it was opened. */
  pendingMigrations(): Promise<readonly string[]> {
    return this.#registry.lend('catalog', this.#open, (database) => pendingMigrations(database, migrations));
  }

  /** The moment, as rows have it. */
  now(): string {
    return new Date(this.clock.now()).toISOString();
  }

  /** Makes a copy of one snapshot in a new file at `path`, while the catalog is in use. @throws Conflict when something is there */
  copyTo(path: string): Promise<void> {
    return this.#registry.lend('catalog', this.#open, (database) => database.copyTo(path));
  }

  /** What is in each table. @throws DatabaseCorrupt */
  content(): Promise<DatabaseContent> {
    return this.#registry.lend('catalog', this.#open, (database) => database.content());
  }

  /** Writes the file anew without what was deleted in it. Who asks meanwhile waits. @throws as `compactDuckDb`; DatabaseInUse */
  compact(): Promise<Compaction> {
    return this.#registry.whileClosed('catalog', PATIENCE_MS, () => compactDuckDb(this.location, ENGINE));
  }

  close(): Promise<void> {
    return this.#registry.close();
  }

  readonly #open = async (): Promise<Database<CatalogTables>> => {
    // A file that vanishes later is missed, not replaced: everyone would be somebody new.
    const create = this.options.create && !this.#opened;
    const options = { ...ENGINE, ...this.options, create };
    let database = await openDuckDb<CatalogTables>(this.location, options);
    try {
      if (!this.#opened && (await this.#isBloated(database))) {
        await database.close();
        // Where it can't be done, a full disk above all, the catalog is good as it is.
        await compactDuckDb(this.location, options).catch(() => undefined);
        database = await openDuckDb<CatalogTables>(this.location, { ...options, create: false });
      }
      await migrate(database, migrations, this.location.file);
      this.#opened = true;
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  };

  async #isBloated(database: Database<CatalogTables>): Promise<boolean> {
    const { compactFreeBytes } = this.options;
    if (compactFreeBytes === undefined) return false;
    return isBloated((await database.size()).fileBytes, await database.freeBytes(), compactFreeBytes);
  }
}
