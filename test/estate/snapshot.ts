import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Everything that may not change of a tree of files, by name: size, time, mode, inode and bytes. */
export async function snapshot(folder: string): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const { size, mtimeNs, mode, ino } = await lstat(join(folder, name), { bigint: true });
    const bytes = await readFile(join(folder, name)).catch(() => '');
    seen[name] = [size, mtimeNs, mode, ino, createHash('sha256').update(bytes).digest('hex')].join(' ');
  }
  return seen;
}
