import type { Kysely, Transaction } from 'kysely';

/** What an engine can do, declared once so that callers ask for a capability and never for a name. */
export interface EngineCapabilities {
  readonly engine: 'duckdb' | 'postgres';
  /** Foreign keys and secondary indexes help rather than harm. */
  readonly indexes: boolean;
  /** `select … for update` exists. */
  readonly rowLocks: boolean;
  /** `copyTo` works. */
  readonly copies: boolean;
  /** The type of a column that holds any JSON value. */
  readonly jsonType: 'json' | 'jsonb';
  /** The type of a column that holds a moment. Moments are ISO 8601 UTC text with milliseconds in every row and parameter. */
  readonly momentType: 'timestamp' | 'timestamptz';
}

/** Rows to append, by table. JSON members are plain values, moments ISO text; members that are left out become null. */
export type Rows<Tables> = { readonly [T in keyof Tables & string]?: readonly Partial<Tables[T]>[] };

/** Inserts many rows at once, in the transaction that lends it. */
export type Insert<Tables> = (rows: Rows<Tables>) => Promise<void>;

/**
 * One open database: many readers, one writer. It is lent for the length of a callback (`Registry.lend`), never kept.
 * All errors are those of `errors.ts`; native ones stop here.
 */
export interface Database<Tables> {
  readonly capabilities: EngineCapabilities;

  /** Runs `fn` on one consistent, read-only snapshot. */
  read<T>(fn: (db: Transaction<Tables>) => Promise<T>): Promise<T>;

  /** Runs `fn` alone in one read-write transaction; undone when `fn` throws. Writers wait for each other in order of arrival, so `fn` must not wait for another. */
  transact<T>(fn: (tx: Transaction<Tables>, insert: Insert<Tables>) => Promise<T>): Promise<T>;

  /**
   * Appends rows, committed together with what other callers append at the same time (group commit). Resolves when the rows are durable.
   * All rows of one call are written, or none. A caller whose rows break a rule is refused alone.
   */
  append(rows: Rows<Tables>): Promise<void>;

  /** Folds the write-ahead log into the file. */
  checkpoint(): Promise<void>;

  size(): Promise<DatabaseSize>;

  /** What was done since it was opened. It costs nothing to ask. */
  activity(): DatabaseActivity;

  /** About how many bytes of the file hold nothing any more, or rows that were deleted. The file gets no smaller by itself. */
  freeBytes(): Promise<number>;

  /** What is in each table. It reads every value of one snapshot, so that what is damaged shows itself. @throws DatabaseCorrupt */
  content(): Promise<DatabaseContent>;

  /**
   * Makes a copy of one snapshot at `path`, a file where none is yet in a folder that exists, while it is read and written. The copy is on the disk
   * and was compared row by row when this resolves; otherwise there is nothing. Copies that are asked for at the same time wait for each other.
   * @throws Conflict when something is there; DatabaseFull, DatabaseCorrupt, DatabaseClosing
   */
  copyTo(path: string): Promise<void>;

  /** What became of the place of this database since it was opened, by somebody else's hand; null when it is still there. */
  displaced(): Promise<Displacement | null>;

  /** False after a fatal error: every further call fails until it is reopened. */
  readonly healthy: boolean;

  /**
   * Lets the queued writes finish, interrupts what still runs after `graceMs`, and closes. Idempotent. Where the place was displaced, nothing there
   * is touched: all that was acknowledged is copied to where `rescue` says, if it is given.
   * @throws the errors of copying and of `rescue`: then it is still there, refuses all work, and can be closed again.
   */
  close(graceMs?: number, rescue?: Rescue): Promise<void>;
}

/** How a database lost its place: there is nothing any more, there is another one, or something else was written over it. */
export type Displacement = 'deleted' | 'replaced' | 'overwritten';

/** Told how a database lost its place, it says where the copy is to be made. */
export type Rescue = (displacement: Displacement) => Promise<string>;

/** What a database has done since it was opened. Moments are in milliseconds since the epoch. */
export interface DatabaseActivity {
  readonly openedAt: number;
  /** Null when nothing was written yet. */
  readonly lastWriteAt: number | null;
  /** When the write-ahead log was last folded into the file, also before it was opened; null where that is not known. */
  readonly lastCheckpointAt: number | null;
}

/** A group commit: how many appends it made durable, and how long that took. */
export interface Commit {
  readonly appends: number;
  readonly ms: number;
}

/** How many rows a table has, and the sum of their hashes, in whatever order they lie. */
export interface TableContent {
  readonly rows: number;
  readonly hash: string;
}

/** What is in the tables of a database, by name. */
export type DatabaseContent = ReadonlyMap<string, TableContent>;

export interface DatabaseSize {
  readonly fileBytes: number;
  readonly walBytes: number;
}

/** One step forward of a schema. It runs in a transaction of its own. */
export type Migration<Tables> = (db: Kysely<Tables>, capabilities: EngineCapabilities) => Promise<void>;

/** All steps by name, in the order in which they are written down. Names are never changed, steps never removed. */
export type Migrations<Tables> = Readonly<Record<string, Migration<Tables>>>;
