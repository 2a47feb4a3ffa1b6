import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { Kysely, sql, type Transaction } from 'kysely';
import { rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '#core';
import type {
  Commit,
  Database,
  DatabaseActivity,
  DatabaseContent,
  DatabaseSize,
  Displacement,
  EngineCapabilities,
  Insert,
  Rescue,
  Rows,
} from '../database.js';
import { DatabaseBroken, DatabaseClosing } from '../errors.js';
import { WriterQueue } from '../writer-queue.js';
import { BulkInsert } from './bulk-insert.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { contentOf, tablesOf } from './content.js';
import { Copies } from './copies.js';
import { DuckDbDialect } from './dialect.js';
import type { FileClaim } from './file-claims.js';
import { freeBytesOf } from './free-bytes.js';
import { removeOwnLog } from './own-log.js';
import { ReaderPool } from './reader-pool.js';

interface Place {
  readonly path: string;
  readonly name: string;
  readonly spill: string;
  readonly claim: FileClaim;
  readonly readers: number;
  readonly onCommit: ((commit: Commit) => void) | undefined;
}

const CAPABILITIES: EngineCapabilities = {
  engine: 'duckdb',
  indexes: false,
  rowLocks: false,
  copies: true,
  jsonType: 'json',
  momentType: 'timestamp',
};

/** One attached file: a queued writer connection and a few readers on an instance of its own. */
export class DuckDbDatabase<Tables> implements Database<Tables>, ConnectionOwner {
  readonly capabilities = CAPABILITIES;
  readonly name: string;
  readonly #place: Place;
  readonly #instance: DuckDBInstance;
  readonly #writer: Connection;
  readonly #queue: WriterQueue;
  readonly #bulk: BulkInsert;
  readonly #pool: ReaderPool;
  readonly #copies: Copies;
  readonly #writing: Kysely<Tables>;
  readonly #reading: Kysely<Tables>;
  readonly #openedAt = systemClock.now();
  #lastWriteAt: number | null = null;
  #broken = false;
  #ending = false;
  #cutOff = false;
  #closing: Promise<void> | null = null;

  /** Takes over an instance that has the file attached as `store`, with the connection that did it, which becomes the writer. */
  static async start<Tables>(instance: DuckDBInstance, setup: DuckDBConnection, place: Place): Promise<DuckDbDatabase<Tables>> {
    const database = new DuckDbDatabase<Tables>(instance, setup, place);
    await database.#writer.execute('use store');
    return database;
  }

  private constructor(instance: DuckDBInstance, setup: DuckDBConnection, place: Place) {
    this.name = place.name;
    this.#place = place;
    this.#instance = instance;
    this.#writer = new Connection(setup, this);
    this.#bulk = new BulkInsert(this.#writer);
    const writer = {
      begin: () => this.#writer.executePrepared('begin transaction'),
      insert: (rows: Rows<Record<string, unknown>>) => this.#bulk.insert(rows),
      commit: () => this.#writer.executePrepared('commit'),
      rollback: () => this.#writer.rollback(),
      resting: () => place.claim.rested(),
      settled: () => place.claim.wrote(),
    };
    this.#queue = new WriterQueue(writer, (commit) => {
      this.#lastWriteAt = systemClock.now();
      place.onCommit?.(commit);
    });
    this.#pool = new ReaderPool(() => this.#connect(), place.readers);
    this.#copies = new Copies(place.path, place.name, () => instance.connect());
    this.#reading = new Kysely<Tables>({ dialect: new DuckDbDialect(this.#pool) });
    this.#writing = new Kysely<Tables>({ dialect: new DuckDbDialect({ acquire: async () => this.#writer, release: () => undefined }) });
  }

  get healthy(): boolean {
    return !this.#broken;
  }

  async read<T>(fn: (db: Transaction<Tables>) => Promise<T>): Promise<T> {
    this.#assertHealthy();
    return this.#reading.transaction().setAccessMode('read only').execute(fn);
  }

  async transact<T>(fn: (tx: Transaction<Tables>, insert: Insert<Tables>) => Promise<T>): Promise<T> {
    this.#assertHealthy();
    const insert: Insert<Tables> = (rows) => this.#bulk.insert(rows);
    return this.#queue.exclusive(async () => {
      const result = await this.#writing.transaction().execute((tx) => fn(tx, insert));
      this.#lastWriteAt = systemClock.now();
      return result;
    });
  }

  async append(rows: Rows<Tables>): Promise<void> {
    this.#assertHealthy();
    return this.#queue.append(rows);
  }

  async checkpoint(): Promise<void> {
    this.#assertHealthy();
    return this.#queue.exclusive(async () => {
      // A checkpoint follows every change of the schema.
      this.#bulk.forget();
      await this.#writer.execute('checkpoint store');
    });
  }

  async size(): Promise<DatabaseSize> {
    const bytes = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0;
    return { fileBytes: await bytes(this.#place.path), walBytes: await bytes(`${this.#place.path}.wal`) };
  }

  activity(): DatabaseActivity {
    return { openedAt: this.#openedAt, lastWriteAt: this.#lastWriteAt, lastCheckpointAt: this.#place.claim.checkpointedAt() };
  }

  freeBytes(): Promise<number> {
    return this.read((db) => freeBytesOf((statement) => sql.raw(statement).execute(db)));
  }

  content(): Promise<DatabaseContent> {
    return this.read(async (db) => {
      const query = (statement: string): Promise<{ rows: unknown[] }> => sql.raw(statement).execute(db);
      return contentOf(query, 'store', await tablesOf(query));
    });
  }

  async copyTo(path: string): Promise<void> {
    this.#assertHealthy();
    if (this.#ending) throw new DatabaseClosing();
    return this.#copies.to(path);
  }

  async displaced(): Promise<Displacement | null> {
    this.#assertHealthy();
    const { claim } = this.#place;
    // A writer that is busy for long hides no file that is gone.
    return (await claim.moved()) ?? this.#queue.exclusive(() => claim.displaced());
  }

  onFatal(): void {
    this.#broken = true;
  }

  close(graceMs = 10_000, rescue?: Rescue): Promise<void> {
    this.#ending = true;
    this.#closing ??= this.#close(graceMs, rescue).catch((error: unknown) => {
      this.#closing = null;
      throw error;
    });
    return this.#closing;
  }

  async #close(graceMs: number, rescue?: Rescue): Promise<void> {
    await this.#finish(graceMs).catch(() => undefined);
    await this.#pool.close().catch(() => undefined);
    // The transaction that was cut off may have written.
    if (this.#cutOff) await this.#place.claim.wrote();
    // What can't be looked at is left as it is, with its log.
    const displacement = await this.#place.claim.displaced().catch(() => 'unknown' as const);
    if (displacement && displacement !== 'unknown' && rescue && !this.#broken) {
      await this.#copies.to(await rescue(displacement));
      // All of it is in the copy. Beside another file it would be taken for that one's.
      await removeOwnLog(`${this.#place.path}.wal`);
    }
    // Detaching folds the log into the file on the engine's thread; closing the instance would do it on ours.
    const last = ['use memory', ...(displacement ? ['pragma disable_checkpoint_on_shutdown'] : []), 'detach store'];
    // What could not be folded in stays in the log and is replayed when the file is next opened.
    if (!this.#broken || displacement) await this.#writer.conclude(...last).catch(() => undefined);
    try {
      await this.#writer.close();
      this.#instance.closeSync();
      await rm(this.#place.spill, { recursive: true, force: true });
    } finally {
      await this.#place.claim.release();
    }
  }

  /** Waits for what was begun; what is not done after `graceMs` is cut off. */
  async #finish(graceMs: number): Promise<void> {
    const patience = new AbortController();
    const done = this.#queue
      .drain()
      .then(() => this.#pool.drain())
      .then(() => this.#copies.drain());
    const outOfTime = delay(graceMs, true, { signal: patience.signal }).catch(() => false);
    const late = await Promise.race([done.then(() => false), outOfTime]);
    patience.abort();
    if (!late) return;
    this.#cutOff = true;
    this.#queue.abandon();
    await this.#copies.cutOff();
    await this.#writer.cutOff();
  }

  async #connect(): Promise<Connection> {
    const connection = new Connection(await this.#instance.connect(), this);
    await connection.execute('use store');
    return connection;
  }

  #assertHealthy(): void {
    if (this.#broken) throw new DatabaseBroken();
  }
}
