import { readFile, stat, truncate, writeFile } from 'node:fs/promises';

const HEADER_BYTES = 4096;
/** Where the first block of a DuckDB file begins, behind its three headers, in bytes. */
const BLOCKS_AT = 3 * HEADER_BYTES;
const MAGIC_AT = 8;

/** Cuts a file off, as a full disk or an interrupted copy does. */
export async function cutOff(path: string, share: number): Promise<void> {
  await truncate(path, Math.floor((await stat(path)).size * share));
}

/** Flips some bits in both headers of a DuckDB file that say where its blocks are: of one alone it would take the other. */
export async function flipInHeader(path: string): Promise<void> {
  for (const header of [1, 2]) await flip(path, () => header * HEADER_BYTES + 16);
}

/** Flips some bits in the blocks of a DuckDB file. @param share where among them, from 0 to 1 */
export async function flipInBlocks(path: string, share: number): Promise<void> {
  await flip(path, (size) => BLOCKS_AT + Math.floor((size - BLOCKS_AT) * share));
}

/** Flips some bits in a log. @param share where, from 0 to 1 */
export async function flipInLog(path: string, share: number): Promise<void> {
  await flip(`${path}.wal`, (size) => Math.floor(size * share));
}

/** Makes the magic word of a DuckDB file another. */
export async function spoilMagic(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.write('DUKC', MAGIC_AT);
  await writeFile(path, bytes);
}

async function flip(path: string, place: (size: number) => number): Promise<void> {
  const bytes = await readFile(path);
  const at = place(bytes.length);
  for (let index = at; index < Math.min(at + 16, bytes.length); index++) bytes[index] = (bytes[index] ?? 0) ^ 0xa5;
  await writeFile(path, bytes);
}
