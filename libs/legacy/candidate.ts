export type Engine = 'duckdb' | 'sqlite';

/** A regular file as it was when it was scanned. */
export interface ScannedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Of its bytes, lower-case hex. */
  readonly sha256: string;
}

/** A file without which a database is not whole: its write-ahead log, or SQLite's rollback journal. */
export interface Companion extends ScannedFile {
  readonly role: 'log' | 'journal';
}

/** A file that may be an old database: by its content, whatever it is called. */
export interface Candidate extends ScannedFile {
  readonly kind: 'candidate';
  readonly engine: Engine;
  /** `orphan-log`: the database file of this write-ahead log is gone; the rows may all be in the log. */
  readonly role: 'database' | 'backup' | 'orphan-log';
  readonly companions: readonly Companion[];
  /** Names the content: the SHA-256 of the file, or, with companions, of the list of all their SHA-256. Equal content has equal names. */
  readonly contentSha256: string;
  /** The version of DuckDB that made the file, where the file says so: `v1.2.2`. */
  readonly writtenBy: string | null;
}
