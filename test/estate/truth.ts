/** Where a row belongs: the canonical name of a user; `unassigned` where nothing says whose it is. */
export type Owner = string;
export const UNASSIGNED: Owner = 'unassigned';

/**
 * What becomes of a row that is its owner's:
 * - `taken`: it stands in the memory, or the same is there already;
 * - `aside`: it has no counterpart there, or hangs on nothing, and is kept with a reason;
 * - `left-out`: it is counted, and not taken over.
 */
export type Fate = 'taken' | 'aside' | 'left-out';

/** A row that the generator wrote, and what is true of it. */
export interface TrueRow {
  readonly table: string;
  /** The engine's number of it. */
  readonly row: number;
  /** By which it is found again; null where it has no text. */
  readonly mark: string | null;
  readonly owner: Owner;
  readonly fate: Fate;
}

/** How much of a file can be read: of a `partly` readable one any row may be lost, and must then be missed. */
export type Readable = 'whole' | 'partly' | 'not';

/** A file of the estate. */
export interface TrueFile {
  /** Below the root of the estate. */
  readonly path: string;
  /** Which of ViolentUTF's ways of naming files it follows (A–M), or what happened to it. */
  readonly pattern: string;
  readonly readable: Readable;
  /** Why something is said of it; none for a file that is as it should be. */
  readonly findings: readonly string[];
  /** The file that it is a copy of, byte by byte: its rows are the same rows. */
  readonly copyOf: string | null;
  readonly rows: readonly TrueRow[];
}

/** An exchange that only the results of an execution hold. */
export interface TrueExchange {
  readonly executionId: string;
  readonly conversationId: string;
  readonly owner: Owner;
  /** The marks of what was really sent, and of what came back. */
  readonly prompt: string;
  readonly response: string;
}

/** A score that only the results of executions hold: many times, and in those of others too. */
export interface TrueScore {
  readonly owner: Owner;
  /** In its rationale. */
  readonly mark: string;
  /** The mark of the answer that was scored. */
  readonly response: string;
}
