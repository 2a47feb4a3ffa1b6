import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { isOpenDatabaseFile } from '#database';

/** Whether two files are one, or hold the same bytes. One that this process has open as a database is not read, and so is not the same. */
export async function sameContent(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => lstat(path, { bigint: true })));
  if (!first || !second || !first.isFile() || !second.isFile() || first.size !== second.size) return false;
  const [a, b] = [first, second].map(({ dev, ino }) => `${dev}:${ino}`);
  if (a === b) return true;
  if ([a, b].some((identity) => identity !== undefined && isOpenDatabaseFile(identity))) return false;
  return (await hashOf(one)) === (await hashOf(other));
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
