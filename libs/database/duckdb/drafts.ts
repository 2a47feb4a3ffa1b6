import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What the engine may put beside a database file. */
const LOGS = ['.wal', '.wal.checkpoint', '.wal.recovery'];
const DRAFT = /\.(?:new-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|copy-draft)(?:\.wal(?:\.checkpoint|\.recovery)?)?$/;

/** Where a file is made that is to be at `path` when it is whole. */
export function newDraft(path: string): string {
  return `${path}.new-${randomUUID()}`;
}

/** Where a database makes copies of itself: a name that is known when it is opened, because its sandbox is closed then. */
export function copyDraft(path: string): string {
  return `${path}.copy-draft`;
}

/** All the files that the engine may write for a database at `path`. */
export function filesOf(path: string): string[] {
  return [path, ...LOGS.map((log) => path + log)];
}

/** Removes a draft with its logs, if there is one. */
export async function removeDraft(draft: string): Promise<void> {
  await Promise.all(filesOf(draft).map((file) => rm(file, { force: true })));
}

/**
 * Takes back what a crash left of databases that were being made or copied in a folder. Only while nobody does that there: at the start of a server.
 * Where it can't be done it does no harm.
 */
export async function removeDrafts(directory: string): Promise<void> {
  const drafts = (await readdir(directory)).filter((file) => DRAFT.test(file));
  await Promise.allSettled(drafts.map((file) => rm(join(directory, file), { force: true })));
}
