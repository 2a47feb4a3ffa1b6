/** How far a backup is. */
export interface BackupProgress {
  /** Memories that are in it, or had to be left out; and how many there are, null until the catalog was copied. */
  readonly memoriesDone: number;
  readonly memories: number | null;
  readonly bytes: number;
}

/** A backup that is being made, or was not made. */
export interface BackupRun {
  readonly id: string;
  /** Of whom; null for all. */
  readonly userId: string | null;
  readonly begunAt: string;
  progress: BackupProgress;
  /** Why it was not made; null while it is. */
  failure: string | null;
  endedAt: string | null;
}
