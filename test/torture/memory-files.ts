import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The files in a memory directory that hold somebody's memory, as paths. */
export async function memoryFiles(directory: string): Promise<string[]> {
  const files = await readdir(directory);
  return files.filter((file) => /^pyrit_memory_[0-9a-f]{16}\.db$/.test(file)).map((file) => join(directory, file));
}
