import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** How a file looks from outside: another one in its place, and a write into it, make another mark. */
export interface FileMark {
  /** Device and inode. */
  readonly identity: string;
  readonly bytes: number;
  /** Of its last write, in nanoseconds. */
  readonly modified: string;
}

export function markOf({ dev, ino, size, mtimeNs }: BigIntStats): FileMark {
  return { identity: `${dev}:${ino}`, bytes: Number(size), modified: String(mtimeNs) };
}

/** The mark of the file that a path leads to, or null when there is none. */
export async function readMark(path: string): Promise<FileMark | null> {
  try {
    return markOf(await stat(path, { bigint: true }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

export function isSameMark(one: FileMark | null, other: FileMark | null): boolean {
  return one?.identity === other?.identity && one?.bytes === other?.bytes && one?.modified === other?.modified;
}

/** A mark as a text to be kept. */
export function formatMark({ identity, bytes, modified }: FileMark): string {
  return `${identity} ${bytes} ${modified}`;
}

/** @returns null for what is none. */
export function parseMark(text: string): FileMark | null {
  const [, identity, bytes, modified] = /^(\d+:\d+) (\d+) (-?\d+)(?: checkpoint \d+)?$/.exec(text) ?? [];
  return identity === undefined || bytes === undefined || modified === undefined ? null : { identity, bytes: Number(bytes), modified };
}
