import { stat, statfs } from 'node:fs/promises';
import { Unavailable } from '#core';

const MB = 1024 * 1024;
/** What a backup leaves free for those who work: so much, or a tenth of a smaller disk. */
const LEFT_FREE_BYTES = 1024 * MB;
const LEFT_FREE_SHARE = 0.1;

/** Where something is to be written, and how much. */
export interface Need {
  /** A folder that exists. */
  readonly directory: string;
  readonly bytes: number;
}

/** Makes sure that nobody's disk is filled. @throws Unavailable, with what to do. */
export async function assertSpace(needs: readonly Need[]): Promise<void> {
  const byDisk = new Map<number, Need>();
  for (const need of needs) {
    const { dev } = await stat(need.directory);
    byDisk.set(dev, { ...need, bytes: need.bytes + (byDisk.get(dev)?.bytes ?? 0) });
  }
  for (const { directory, bytes } of byDisk.values()) {
    const { bavail, blocks, bsize } = await statfs(directory);
    const free = bavail * bsize - Math.min(LEFT_FREE_BYTES, blocks * bsize * LEFT_FREE_SHARE);
    if (bytes <= free) continue;
    throw new Unavailable(
      `A backup takes about ${inMb(bytes)} MB in ${directory}, and ${inMb(Math.max(0, free))} MB can be had there without filling the disk. ` +
        'Free some space, keep fewer backups, or set BACKUP_DIR to another disk.',
    );
  }
}

function inMb(bytes: number): number {
  return Math.ceil(bytes / MB);
}
