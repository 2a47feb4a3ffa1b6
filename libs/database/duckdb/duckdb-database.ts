import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { Kysely, type Transaction } from 'kysely';
import { rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database, DatabaseSize, EngineCapabilities, Insert, Rows } from '../database.js';
import { DatabaseBroken } from '../errors.js';
import { WriterQueue } from '../writer-queue.js';
import { BulkInsert } from './bulk-insert.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { DuckDbDialect } from './dialect.js';
import type { FileClaim } from './file-claims.js';
import { ReaderPool } from './reader-pool.js';

interface Place {
  readonly path: string;
  readonly name: string;
  readonly spill: string;
  readonly claim: FileClaim;
  readonly readers: number;
}

const CAPABILITIES: EngineCapabilities = { engine: 'duckdb', indexes: false, rowLocks: false, jsonType: 'json', momentType: 'timestamp' };

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
  readonly #writing: Kysely<Tables>;
  readonly #reading: Kysely<Tables>;
  #broken = false;
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
    this.#queue = new WriterQueue({
      begin: () => this.#writer.executePrepared('begin transaction'),
      insert: (rows) => this.#bulk.insert(rows),
      commit: () => this.#writer.executePrepared('commit'),
      rollback: () => this.#writer.rollback(),
    });
    this.#pool = new ReaderPool(() => this.#connect(), place.readers);
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
    return this.#queue.exclusive(() => this.#writing.transaction().execute((tx) => fn(tx, insert)));
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

  onFatal(): void {
    this.#broken = true;
  }

  close(graceMs = 10_000): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    try {
      await this.#finish(graceMs);
      await this.#pool.close();
      // Detaching folds the log into the file on the engine's thread; closing the instance would do it on ours.
      if (!this.#broken) await this.#writer.conclude('use memory', 'detach store');
    } catch {
      // What could not be folded in stays in the log and is replayed when the file is next opened.
    }
    try {
      await this.#writer.close();
      this.#instance.closeSync();
      await rm(this.#place.spill, { recursive: true, force: true });
    } finally {
      this.#place.claim.release();
    }
  }

  /** Waits for what was begun; what is not done after `graceMs` is cut off. */
  async #finish(graceMs: number): Promise<void> {
    const patience = new AbortController();
    const done = this.#queue.drain().then(() => this.#pool.drain());
    const outOfTime = delay(graceMs, true, { signal: patience.signal }).catch(() => false);
    const late = await Promise.race([done.then(() => false), outOfTime]);
    patience.abort();
    if (!late) return;
    this.#queue.abandon();
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
