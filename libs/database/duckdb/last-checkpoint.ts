import { open } from 'node:fs/promises';
import { readContent } from './file-content.js';

/**
 * The number of the last checkpoint of a database file that this process does not have open; null when it is too short to be one. Whatever engine makes a
 * file shorter makes a checkpoint; who cuts it off does not.
 */
export async function lastCheckpoint(path: string): Promise<bigint | null> {
  const file = await open(path, 'r');
  try {
    return (await readContent(file.fd))?.iteration ?? null;
  } finally {
    await file.close();
  }
}
