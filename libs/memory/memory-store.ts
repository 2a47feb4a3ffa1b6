import type { Transaction } from 'kysely';
import type { AttemptAnswered, Exchange, ExecutionEvent } from '#core';
import {
  migrate,
  type Database,
  type DatabaseActivity,
  type DatabaseContent,
  type DatabaseSize,
  type Displacement,
  type Rescue,
} from '#database';
import { AnswerReader } from './answers.js';
import { AttackReader } from './attacks.js';
import { ConfigurationReader, ConfigurationWriter } from './configurations.js';
import { ConversationTails, type Reservations } from './conversation-tails.js';
import { DatasetReader, DatasetWriter } from './datasets.js';
import { ExecutionReader, ExecutionWriter } from './executions.js';
import { ItemReader } from './items.js';
import { journalRows, type JournalContext } from './journal-rows.js';
import { MessageWriter } from './message-writer.js';
import { MessageReader } from './messages.js';
import { Imports } from './imports/imports.js';
import type { WholeMessage } from './long-texts.js';
import { memoryMigrations } from './migrations.js';
import { assertOwner, assertUnused, OwnerReader, ownerOf, OwnerWriter, type Owner } from './owner.js';
import { RetentionReader, RetentionWriter } from './retention.js';
import { ScoreReader, ScoreWriter } from './scores.js';
import { readStats } from './stats.js';
import type { ConfigurationNoun, ItemTable, MemoryTables, PromptTable } from './tables.js';

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
    attacks: new AttackReader(db),
    answers: new AnswerReader(db),
    retention: new RetentionReader(db),
    stats: () => readStats(db),
  };
}

/** The writers of one transaction, one per noun. Each reads too, what the transaction has written included. */
function writersOf(tx: Transaction<MemoryTables>, reservations: Reservations) {
  return {
    ...readersOf(tx),
    owner: new OwnerWriter(tx),
    configurations: (noun: ConfigurationNoun) => new ConfigurationWriter(tx, noun),
    datasets: new DatasetWriter(tx),
    executions: new ExecutionWriter(tx, reservations),
    messages: new MessageWriter(tx, reservations),
    scores: new ScoreWriter(tx),
    retention: new RetentionWriter(tx, reservations),
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

  /** Rows from elsewhere: taken in, accounted for, and given back. */
  readonly imports = new Imports(
    (job) => this.#reserving((reservations) => this.#database.transact((tx, insert) => job(tx, insert, reservations))),
    (job) => this.#database.read(job),
  );

  /**
   * Takes over an open database: brings it to the present schema, and compares its owner with the one the catalog names.
   * @param expected the owner according to the catalog, or null to look at whatever is there and change nothing (rebuilding a catalog).
   * @param provisioning whether the store may be new; only then an owner is written, and only into a database that nobody has used: an empty
   * one, or one that a crash left before its owner was written.
   * @throws StoreSwitched, DatabaseNewer; the database is closed then.
   */
  static async open(database: Database<MemoryTables>, name: string, expected: Owner | null, provisioning: boolean): Promise<MemoryStore> {
    const store = new MemoryStore(database);
    try {
      if (!expected) return store;
      // Before anything is written: a foreign file must not be migrated either.
      const present = await ownerOf(database);
      if (present || !provisioning) assertOwner(present, expected);
      else await assertUnused(database, expected);
      await migrate(database, memoryMigrations, name);
      if (!present) await store.transact((memory) => memory.owner.claim(expected));
      store.#sweep();
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
    return this.#reserving((reservations) => this.#database.transact((tx) => fn(writersOf(tx, reservations))));
  }

  /** Remembers a batch of what an execution yielded, all or nothing. Resolves when it is durable. */
  async append(events: readonly ExecutionEvent[], context: JournalContext): Promise<void> {
    // No waiting where there is nothing to ask: writes are queued in the order of the calls. What was learnt may be forgotten before it is used.
    for (let ids = this.#unknownConversations(events); ids.length > 0; ids = this.#unknownConversations(events))
      await this.#learnTails(ids);
    const continued = events.some(continues) ? await this.#continued(events) : NONE;
    await this.#reserving((reservations) => this.#database.append(journalRows(events, context, reservations, continued)));
  }

  /**
   * Appends many rows that nothing refers to yet: the prompts of a dataset, the items of a plan. Resolves when they are durable. The caller must
   * hold the store until what refers to them is written too: a store that is opened drops such rows.
   */
  appendRows(rows: { readonly prompts?: readonly PromptTable[]; readonly items?: readonly ItemTable[] }): Promise<void> {
    return this.#database.append(rows);
  }

  checkpoint(): Promise<void> {
    return this.#database.checkpoint();
  }

  size(): Promise<DatabaseSize> {
    return this.#database.size();
  }

  /** What was done since it was opened. */
  activity(): DatabaseActivity {
    return this.#database.activity();
  }

  /** About how many bytes of its file hold nothing any more, or rows that were deleted. */
  freeBytes(): Promise<number> {
    return this.#database.freeBytes();
  }

  /** What is in each table; every value is read for it. @throws DatabaseCorrupt */
  content(): Promise<DatabaseContent> {
    return this.#database.content();
  }

  /** Makes a copy of one snapshot in a new file at `path`, while the memory is in use. @throws Conflict when something is there */
  copyTo(path: string): Promise<void> {
    return this.#database.copyTo(path);
  }

  /** What became of its place since it was opened, by somebody else's hand; null when it is still there. */
  displaced(): Promise<Displacement | null> {
    return this.#database.displaced();
  }

  /** Closes it. If it has lost its place, all of it is copied to where `rescue` says first. @throws as `Database.close` does */
  close(graceMs?: number, rescue?: Rescue): Promise<void> {
    return this.#database.close(graceMs, rescue);
  }

  /**
   * Takes back what a crash left half-way. It is the first job of the writer, and whoever uploads or plans holds the store until the end
   * (`appendRows`), so a store that is being opened has none of that under way. Nobody waits for it: if it fails, the rows stay unseen and are
   * taken back another time.
   */
  #sweep(): void {
    void this.transact(async (memory) => {
      await memory.datasets.dropOrphans();
      await memory.executions.dropOrphans();
    }).catch(() => undefined);
  }

  /**
   * What the conversations begin with that go on from others, by the id of the one that begins. What is copied never changes, so it may be read
   * before the write; what somebody has deleted meanwhile is not there to be copied.
   */
  #continued(events: readonly ExecutionEvent[]): Promise<Map<string, WholeMessage[]>> {
    return this.read(async ({ messages }) => {
      const continued = new Map<string, WholeMessage[]>();
      for (const event of events.filter(continues)) {
        const { conversationId, continues: source } = event.exchange;
        continued.set(conversationId, await messages.upTo(source.conversationId, source.responseId));
      }
      return continued;
    });
  }

  /** Lends sequence numbers to one write, and takes back those of a write that failed. */
  async #reserving<T>(write: (reservations: Reservations) => Promise<T>): Promise<T> {
    const reservations = this.#tails.reservations();
    let written = false;
    try {
      const result = await write(reservations);
      written = true;
      return result;
    } finally {
      reservations.end(written);
    }
  }

  /** The conversations of the events whose tails are not at hand. As good as always there are none: conversations begin here, and are short. */
  #unknownConversations(events: readonly ExecutionEvent[]): string[] {
    const ids = new Set<string>();
    for (const event of events) if (event.kind === 'attempt-answered' && event.exchange) ids.add(event.exchange.conversationId);
    return [...ids].filter((id) => !this.#tails.knows(id));
  }

  /** Asks the store for tails. Some may still be unknown afterwards. */
  async #learnTails(conversationIds: readonly string[]): Promise<void> {
    if (!this.#tails.ready) this.#tails.start(await this.read((memory) => memory.messages.newestConversation()));
    const unknown = conversationIds.filter((id) => !this.#tails.knows(id));
    if (unknown.length === 0) return;
    const { distrusted } = this.#tails;
    const stored = await this.read((memory) => memory.messages.tails(unknown));
    // Something was undone or deleted meanwhile: what was read may be from before that.
    if (distrusted !== this.#tails.distrusted) return;
    for (const id of unknown) this.#tails.learn(id, stored.get(id) ?? -1);
  }
}

type Continuing = AttemptAnswered & { readonly exchange: Exchange & { readonly continues: NonNullable<Exchange['continues']> } };

const NONE: ReadonlyMap<string, readonly WholeMessage[]> = new Map();

function continues(event: ExecutionEvent): event is Continuing {
  return event.kind === 'attempt-answered' && event.exchange?.continues !== undefined;
}
