import type { Table } from './table.ts';
import type { Readable } from './truth.ts';

/** A file that is to be written. */
export interface PlannedFile {
  /** Below the root. */
  readonly path: string;
  /** See `TrueFile`. */
  readonly pattern: string;
  readonly engine: 'duckdb' | 'sqlite';
  readonly tables: readonly Table[];
  /** Whether its writer is killed: then its rows are in its log. */
  readonly killed?: boolean;
  /** Where a copy of it lies, byte by byte. */
  readonly copy?: string;
  /** What happens to it when it is written. */
  readonly damage?: Damage;
}

export interface Damage {
  readonly readable: Readable;
  /** Any of which may be said of it. */
  readonly findings: readonly string[];
  /** Whether a process holds it as long as the estate is there. */
  readonly held?: boolean;
  /** It is encrypted with this key. */
  readonly key?: string;
  /** Written in its place, when it is no database at all. */
  readonly content?: string;
  /** Whether only its log is left. */
  readonly orphan?: boolean;
  /** Spoils what is written. @param path absolute */
  readonly spoil?: (path: string) => Promise<void>;
}
