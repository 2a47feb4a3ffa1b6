import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const MEMORY = /^pyrit_memory_[0-9a-f]{16}\.db$/;

/** The files in a memory directory that hold somebody's memory, as paths. */
export async function memoryFiles(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((file) => MEMORY.test(file)).map((file) => join(directory, file));
}

/** Whatever else is in it: logs and folders to spill to while a server runs or after a crash, and otherwise nothing. */
export async function strayFiles(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((file) => !MEMORY.test(file));
}
