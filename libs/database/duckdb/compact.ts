import { rename, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Conflict } from '#core';
import { DatabaseClosing } from '../errors.js';
import { newDraft, removeDraft } from './drafts.js';
import { identityOf } from './file-claims.js';
import { syncPath } from './move-file.js';
import { duckDbKey, openDuckDb, type DuckDbLocation, type DuckDbOptions } from './open.js';

/** What became of a file that was written anew. */
export interface Compaction {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export type CompactionOptions = Omit<DuckDbOptions, 'create'> & {
  /** Cuts it off: then the file is as it was. */
  readonly signal?: AbortSignal;
};

/** Whether a file is worth being written anew. @param leastBytes that would be gained */
export function isBloated(fileBytes: number, freeBytes: number, leastBytes: number): boolean {
  return freeBytes >= leastBytes && freeBytes > fileBytes / 2;
}

/**
 * Writes the file of a database, which nobody has open, anew, without what holds nothing any more. The copy is whole, on the disk and was compared
 * with the original row by row before it takes its place in one step: a crash leaves the one or the other, and perhaps a draft that `removeDrafts` knows.
 * @throws DatabaseClosing when it is cut off, Conflict when somebody else touched the file meanwhile, and the errors of opening and copying; then the file is as it was.
 */
export async function compactDuckDb(location: DuckDbLocation, options: CompactionOptions = {}): Promise<Compaction> {
  const path = await duckDbKey(location);
  const draft = newDraft(path);
  try {
    const identity = await identityOf(path);
    const bytesBefore = await copyOnce(location, options, draft);
    await assertUntouched(path, identity);
    await rename(draft, path);
    await syncPath(dirname(path));
    return { bytesBefore, bytesAfter: (await stat(path)).size };
  } finally {
    await removeDraft(draft);
  }
}

/** @returns the bytes of the original, its log folded in. */
async function copyOnce(location: DuckDbLocation, { signal, ...options }: CompactionOptions, draft: string): Promise<number> {
  const database = await openDuckDb(location, { ...options, create: false });
  const stop = (): void => void database.close(0);
  signal?.addEventListener('abort', stop);
  try {
    if (signal?.aborted) throw new DatabaseClosing();
    await database.checkpoint();
    await database.copyTo(draft);
    if (await database.displaced()) throw touched(location.file, 'its file was moved or written to by somebody else');
    return (await database.size()).fileBytes;
  } finally {
    signal?.removeEventListener('abort', stop);
    await database.close();
  }
}

/** A log that stays would be taken for that of the new file. */
async function assertUntouched(path: string, identity: string | null): Promise<void> {
  const [now, log] = [await identityOf(path), await identityOf(`${path}.wal`)];
  if (now === identity && log === null) return;
  throw touched(basename(path), log === null ? 'its file was replaced by somebody else' : 'its log could not be folded in');
}

function touched(file: string, reason: string): Conflict {
  return new Conflict(`The database ${file} was not compacted: ${reason}. Nothing was changed; look for who uses it, and try again.`);
}
