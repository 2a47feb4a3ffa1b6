import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ApiClient } from './api-client.js';

/** Whose memory it is and where it lies, as the API tells. */
export interface Me {
  readonly userId: string;
  readonly name: string;
  readonly store: { readonly storeId: string; readonly location: string } | null;
}

export function whoAmI(api: ApiClient): Promise<Me> {
  return api.get<Me>('/me');
}

/** The database files in a memory directory; none when there is no such directory yet. */
export async function databaseFiles(directory: string): Promise<ReadonlySet<string>> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return new Set(names.filter((name) => name.endsWith('.db')));
}

/**
 * How many files hold a person's memory: the one that the API names, and every file that was not there before. The server has them open, so nobody
 * else can look inside; but nobody else has used this server either.
 */
export async function filesOf({ store }: Me, before: ReadonlySet<string>): Promise<number> {
  if (!store) return 0;
  const own = basename(store.location);
  const now = await databaseFiles(dirname(store.location));
  return [...now].filter((name) => name === own || !before.has(name)).length;
}
