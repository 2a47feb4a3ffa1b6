import type { Transaction } from 'kysely';
import type { ExecutionEvent } from '#core';
import { migrate, StatementFailed, type Database, type DatabaseSize } from '#database';
import { ConfigurationReader, ConfigurationWriter } from './configurations.js';
import { ConversationTails } from './conversation-tails.js';
import { DatasetReader, DatasetWriter } from './datasets.js';
import { ExecutionReader, ExecutionWriter } from './executions.js';
import { ItemReader } from './items.js';
import { journalRows, type JournalContext } from './journal-rows.js';
import { MessageReader, MessageWriter } from './messages.js';
import { memoryMigrations } from './migrations.js';
import { assertOwner, OwnerReader, OwnerWriter, type Owner } from './owner.js';
import { ScoreReader, ScoreWriter } from './scores.js';
import { readStats } from './stats.js';
import type { ConfigurationNoun, ItemTable, MemoryTables, OwnerTable, PromptTable } from './tables.js';

/** The readers of one snapshot, one per noun. */
function readersOf(db: Transaction<MemoryTables>) {
  return {
    owner: new OwnerReader(db),
    configurations: (noun: ConfigurationNoun) => new ConfigurationReader(db, noun),
    datasets: new DatasetReader(db),
    executions: new ExecutionReader(db),
    items: new ItemReader(db),
    messages: new MessageReader(db),
    scores: new ScoreReader(db),
    stats: () => readStats(db),
  };
}

/** The writers of one transaction, one per noun. Each reads too, what the transaction has written included. */
function writersOf(tx: Transaction<MemoryTables>, tails: ConversationTails) {
  return {
    owner: new OwnerWriter(tx),
    configurations: (noun: ConfigurationNoun) => new ConfigurationWriter(tx, noun),
    datasets: new DatasetWriter(tx),
    executions: new ExecutionWriter(tx),
    items: new ItemReader(tx),
    messages: new MessageWriter(tx, tails),
    scores: new ScoreWriter(tx),
  };
}

export type MemoryReaders = ReturnType<typeof readersOf>;
export type MemoryWriters = ReturnType<typeof writersOf>;

/**
 * One person's memory. It belongs to that person as a whole, so no method takes a user; it is lent for the length of a callback and never kept.
 * Errors are those of #core and #database.
 */
export class MemoryStore {
  readonly #database: Database<MemoryTables>;
  readonly #tails = new ConversationTails();

  /**
   * Takes over an open database: brings it to the present schema, and compares its owner with the one the catalog names.
   * @param expected the owner according to the catalog, or null to look at whatever is there (rebuilding a catalog).
   * @param provisioning whether the store may be new; only then an owner is written.
   * @throws StoreSwitched, DatabaseNewer; the database is closed then.
   */
  static async open(database: Database<MemoryTables>, name: string, expected: Owner | null, provisioning: boolean): Promise<MemoryStore> {
    const store = new MemoryStore(database);
    try {
      if (expected && !provisioning) {
        // Before anything is written: a foreign file must not be migrated either.
        assertOwner(await ownerOf(database), expected);
      }
      if (expected || provisioning) await migrate(database, memoryMigrations, name);
      if (expected && provisioning) await store.transact((memory) => memory.owner.claim(expected));
      return store;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  private constructor(database: Database<MemoryTables>) {
    this.#database = database;
  }

  get healthy(): boolean {
    return this.#database.healthy;
  }

  /** Runs `fn` on one consistent snapshot. */
  read<T>(fn: (memory: MemoryReaders) => Promise<T>): Promise<T> {
    return this.#database.read((db) => fn(readersOf(db)));
  }

  /** Runs `fn` alone, in one transaction; nothing of it stays when it throws. */
  transact<T>(fn: (memory: MemoryWriters) => Promise<T>): Promise<T> {
    return this.#database.transact((tx) => fn(writersOf(tx, this.#tails)));
  }

  /** Remembers a batch of what an execution yielded, all or nothing. Resolves when it is durable. */
  append(events: readonly ExecutionEvent[], context: JournalContext): Promise<void> {
    return this.#database.append(journalRows(events, context, this.#tails));
  }

  /** Appends many rows that nothing refers to yet: the prompts of a dataset, the items of a plan. Resolves when they are durable. */
  appendRows(rows: { readonly prompts?: readonly PromptTable[]; readonly items?: readonly ItemTable[] }): Promise<void> {
    return this.#database.append(rows);
  }

  checkpoint(): Promise<void> {
    return this.#database.checkpoint();
  }

  size(): Promise<DatabaseSize> {
    return this.#database.size();
  }

  close(graceMs?: number): Promise<void> {
    return this.#database.close(graceMs);
  }
}

/** The owner of whatever file was opened; none when it has no such table, and so is no memory at all. */
async function ownerOf(database: Database<MemoryTables>): Promise<OwnerTable | null> {
  try {
    return await database.read((db) => new OwnerReader(db).find());
  } catch (error) {
    if (error instanceof StatementFailed) return null;
    throw error;
  }
}
