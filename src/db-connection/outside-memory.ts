import { join } from 'node:path';
import { openDuckDb } from '#database';
import { MemoryStore, type MemoryTables, type Owner } from '#memory';

/** What a memory that comes and goes with a plan, or that belongs to nobody, may hold of its file in the engine's memory. */
const MEMORY_LIMIT_MB = 80;

/** Opens a memory outside the catalog, made when it is not there. @param owner null for a copy of somebody's, which says itself whose it is. */
export async function openOutside(directory: string, file: string, owner: Owner | null): Promise<MemoryStore> {
  const database = await openDuckDb<MemoryTables>({ directory, file }, { create: true, memoryLimitMb: MEMORY_LIMIT_MB, readers: 2 });
  return MemoryStore.open(database, join(directory, file), owner, true);
}

/** The owner of a memory that is nobody's. */
export function nobody(storeId: string, name: string): Owner {
  return { store_id: storeId, user_id: storeId, issuer: 'system', name, aliases: [] };
}
