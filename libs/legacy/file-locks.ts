import { readFile } from 'node:fs/promises';

/** Where Linux lists the advisory locks that processes hold on files. */
const LOCKS = '/proc/locks';

/** The file behind a path, whatever it is called: device and inode. */
export function identityOf(file: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${file.dev}:${file.ino}`;
}

/**
 * The process that holds a write lock on a file, as both DuckDB and SQLite do while they write it. Null when nobody does, and where the system
 * doesn't tell (only Linux does). It is asked of the system, not of the file: to open and close a file gives up the locks that this very process
 * holds on it.
 */
export async function writerOf(file: { readonly dev: bigint; readonly ino: bigint }): Promise<number | null> {
  const locks = await readFile(LOCKS, 'utf8').catch(() => '');
  const key = lockKeyOf(file);
  for (const line of locks.split('\n')) {
    const [, , , access, pid, place] = line.replace(' ->', '').split(/\s+/);
    if (access === 'WRITE' && place === key) return Number(pid);
  }
  return null;
}

/** `major:minor:inode`, the numbers of the device in hexadecimal, as the kernel writes it. */
function lockKeyOf(file: { readonly dev: bigint; readonly ino: bigint }): string {
  const major = ((file.dev >> 8n) & 0xfffn) | ((file.dev >> 32n) & ~0xfffn);
  const minor = (file.dev & 0xffn) | ((file.dev >> 12n) & ~0xffn);
  const hex = (number: bigint): string => number.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${file.ino}`;
}
