import { chmod, constants, copyFile, link, open, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Conflict } from '#core';
import { newDraft } from './drafts.js';

/**
 * Moves a file, which nobody has open, to where nothing is yet: it is on the disk in its new place before it leaves the old one, in another file
 * system too. A crash leaves it in the old place or in both.
 * @throws Conflict when something is there already; it is never replaced.
 */
export async function moveFile(from: string, to: string): Promise<void> {
  await syncPath(from);
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new Conflict(`There is something at ${basename(to)} already. It is not replaced: move it away first.`);
    if (code !== 'EXDEV') throw error;
    await copyAcross(from, to);
  }
  await syncPath(dirname(to));
  await rm(from);
}

async function copyAcross(from: string, to: string): Promise<void> {
  const draft = newDraft(to);
  try {
    await copyFile(from, draft, constants.COPYFILE_EXCL);
    await chmod(draft, 0o600);
    await moveFile(draft, to);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Has the system write a file, or the entries of a folder, to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
