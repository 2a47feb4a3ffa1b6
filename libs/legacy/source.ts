import type { Candidate } from './candidate.js';
import type { Finding } from './finding.js';

/** A value as it was stored: texts (JSON among them), moments and ids as text; what is no text as base64. */
export type Cell = string | number | boolean | null | { readonly base64: string };

export type Cells = Readonly<Record<string, Cell>>;

export interface ColumnShape {
  readonly name: string;
  /** As the engine calls it, in capitals: `VARCHAR`, `CHAR(32)`, `FLOAT[]`. */
  readonly type: string;
  readonly nullable: boolean;
}

export interface TableShape {
  /** `main`, but for tables that nobody of ours made. */
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  /** Null when not even their number can be read. */
  readonly rows: number | null;
}

export interface SourceRow {
  readonly kind: 'row';
  /** The engine's own number of the row: with the file and the table it names the row for ever. */
  readonly rowId: number;
  readonly cells: Cells;
  /** Columns of this row that can't be read any more. */
  readonly damaged: readonly string[];
}

/** Rows that are there but can't be read. */
export interface LostRows {
  readonly kind: 'lost';
  readonly rowId: number | null;
  /** How many; null when that can't be told either. */
  readonly rows: number | null;
  readonly reason: string;
}

/** An old database, open for reading. What is read is a private copy, which is removed when this is disposed of. */
export interface LegacyDatabase extends AsyncDisposable {
  readonly candidate: Candidate;
  /** What was found while it was opened: a log cut off, a part that can't be read. */
  readonly findings: readonly Finding[];
  readonly tables: readonly TableShape[];
  /** The rows of a table in the order in which they are stored, a few at a time, in bounded memory. One such iteration at a time. */
  rows(table: TableShape): AsyncGenerator<SourceRow | LostRows>;
}

export interface OpenOptions {
  /** A folder for private copies. The system's temporary folder when left out. */
  readonly folder?: string;
  /** How long opening may take, in milliseconds: replaying a log of a gigabyte of single rows takes minutes. */
  readonly openTimeoutMs?: number;
  /** How long one step of reading may take, in milliseconds. */
  readonly stepTimeoutMs?: number;
  /** What the engine may hold in memory. The process takes about 200 MB more. */
  readonly memoryLimitMb?: number;
  /** A single row that is larger than this is reported, not read. */
  readonly maxRowBytes?: number;
  /** See `DiscoverOptions`. */
  readonly isOpenHere: (identity: string) => boolean;
}

export type Limits = Readonly<Required<Pick<OpenOptions, 'openTimeoutMs' | 'stepTimeoutMs' | 'memoryLimitMb' | 'maxRowBytes'>>>;

export const DEFAULT_LIMITS: Limits = {
  openTimeoutMs: 600_000,
  stepTimeoutMs: 60_000,
  memoryLimitMb: 40,
  maxRowBytes: 64 * 1024 * 1024,
};
