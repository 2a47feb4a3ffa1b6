import { stat } from 'node:fs/promises';
import type { Displacement } from '../database.js';
import { DatabaseOpenTwice } from '../errors.js';
import { FileWatch } from './file-watch.js';

/**
 * The files that this process has open, by device and inode. The engine does not stop a second instance in one process from attaching a file
 * again; it then loses rows silently and gives up the lock of the first. So the list is one for the whole process, whatever loads this module.
 */
const SLOT = Symbol.for('violentutf.open-database-files');
const shared = globalThis as { [SLOT]?: Map<string, string> };
const open: Map<string, string> = (shared[SLOT] ??= new Map());

export interface FileClaim {
  /** Takes note of a file that has just been created. */
  created(): Promise<void>;
  /** Takes note of what is in the file, which the engine has opened. @returns false when the path leads to another file by now. */
  opened(): Promise<boolean>;
  /** To be called, and waited for, before anything that may have the engine write into the file. */
  rested(): Promise<void> | null;
  /** To be called, and waited for, after it: one transaction at most. */
  wrote(): Promise<void> | null;
  /** When a checkpoint last wrote into the file, in milliseconds since the epoch; null while nobody has looked. */
  checkpointedAt(): number | null;
  /** Whether the path leads to the file no longer. */
  moved(): Promise<'deleted' | 'replaced' | null>;
  /** What became of the file at the path since it was opened; null when it is as it was left. Only while the engine writes nothing to it. */
  displaced(): Promise<Displacement | null>;
  /** Only after the engine has closed the file: closing it here gives up the engine's lock on it. */
  release(): Promise<void>;
}

/** Whether this process has the file of this identity (`device:inode`) open as a database. */
export function isOpenDatabaseFile(identity: string): boolean {
  return open.has(identity);
}

/** Device and inode as one text, or null when there is no such file. */
export async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Claims the file at `path` (whose folder is a real path) for this process; by its path alone while it does not exist yet.
 * @throws DatabaseOpenTwice
 */
export async function claimFile(path: string, name: string): Promise<FileClaim> {
  let identity = await identityOf(path);
  const keys = new Set<string>();
  let watch: FileWatch | null = null;
  const take = (key: string): void => {
    if (open.has(key)) throw new DatabaseOpenTwice(name);
    open.set(key, path);
    keys.add(key);
  };
  const release = async (): Promise<void> => {
    await watch?.close();
    watch = null;
    for (const key of keys) open.delete(key);
    keys.clear();
  };
  const moved = async (): Promise<'deleted' | 'replaced' | null> => {
    const now = await identityOf(path);
    if (now === null) return 'deleted';
    return now === identity ? null : 'replaced';
  };
  take(path);
  try {
    if (identity !== null) take(identity);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    async created() {
      const now = await identityOf(path);
      if (identity === null && now !== null) take(now);
      identity = now;
    },
    async opened() {
      // First without opening it: to close a file that is open elsewhere in this process would give up the lock on it.
      if ((await identityOf(path)) !== identity) return false;
      watch = await FileWatch.begin(path);
      return true;
    },
    rested: () => watch?.rested() ?? null,
    wrote: () => watch?.wrote() ?? null,
    checkpointedAt: () => watch?.checkpointedAt ?? null,
    moved,
    async displaced() {
      const displacement = await moved();
      if (displacement) return displacement;
      await watch?.rested();
      return watch?.overwritten ? 'overwritten' : null;
    },
    release,
  };
}
