import { stat } from 'node:fs/promises';
import { DatabaseOpenTwice } from '../errors.js';

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
  /** Whether the path still leads to the file that was claimed. */
  stillThere(): Promise<boolean>;
  release(): void;
}

/** Device and inode as one text, or null when there is no such file. */
async function identityOf(path: string): Promise<string | null> {
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
  const take = (key: string): void => {
    if (open.has(key)) throw new DatabaseOpenTwice(name);
    open.set(key, path);
    keys.add(key);
  };
  const release = (): void => {
    for (const key of keys) open.delete(key);
    keys.clear();
  };
  take(path);
  try {
    if (identity !== null) take(identity);
  } catch (error) {
    release();
    throw error;
  }
  return {
    async created() {
      const now = await identityOf(path);
      if (identity === null && now !== null) take(now);
      identity = now;
    },
    async stillThere() {
      return identity !== null && (await identityOf(path)) === identity;
    },
    release,
  };
}
