import { fstat } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { identityOf } from './file-claims.js';

/** Where Linux, macOS and the BSDs list the files that a process has open. */
const OPEN_FILES = '/dev/fd';

/**
 * Removes the log at `path` if it is the one that this process writes: that of somebody who has put their own file and log there stays. Where the system
 * doesn't tell, it stays.
 */
export async function removeOwnLog(path: string): Promise<void> {
  const identity = await identityOf(path);
  if (identity === null) return;
  const descriptors = await readdir(OPEN_FILES).catch(() => []);
  for (const descriptor of descriptors) {
    const file = await promisify(fstat)(Number(descriptor), { bigint: true }).catch(() => null);
    if (file && `${file.dev}:${file.ino}` === identity) return rm(path, { force: true });
  }
}
