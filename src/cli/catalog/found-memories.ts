import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundStore, Identity } from '#catalog';
import { DomainError } from '#core';
import { DatabaseHeld, openDuckDb, StatementFailed } from '#database';
import { MemoryStore, type MemoryTables, type OwnerTable } from '#memory';

/** A file of the memory directory: whose it says it is, or why it does not say. */
export type FoundMemory =
  { readonly file: string; readonly store: FoundStore } | { readonly file: string; readonly store: null; readonly fault: string };

/** A file that a crash left before it got its name; the log and the swap of a database. */
const BESIDES = /\.(new-[0-9a-f-]{36}|wal|tmp)$/;
const NAMED_LIKE_A_MEMORY = /^pyrit_memory_.*\.db$/;

/**
 * Looks into every database of the memory directory. Each is opened as the server would open it, so that what is still in its log counts, which
 * folds the log into the file; nothing else is changed.
 * @throws DatabaseHeld when a process has one of them open.
 */
export async function findMemories(directory: string): Promise<readonly FoundMemory[]> {
  const found: FoundMemory[] = [];
  for (const file of (await readdir(directory)).sort()) {
    if (BESIDES.test(file) || !(await isDatabase(directory, file))) continue;
    found.push(await lookInto(directory, file));
  }
  return found;
}

/** By its name, or by the mark of DuckDB in its header. */
async function isDatabase(directory: string, file: string): Promise<boolean> {
  const path = join(directory, file);
  if ((await stat(path).catch(() => null))?.isFile() !== true) return false;
  if (NAMED_LIKE_A_MEMORY.test(file)) return true;
  const handle = await open(path);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 8);
    return buffer.toString('latin1') === 'DUCK';
  } finally {
    await handle.close();
  }
}

async function lookInto(directory: string, file: string): Promise<FoundMemory> {
  const withFault = (fault: string): FoundMemory => ({ file, store: null, fault });
  try {
    const owner = await ownerIn(directory, file);
    if (!owner) return withFault('It has no owner.');
    const store = toStore(owner, file);
    return store ? { file, store } : withFault('Its owner row can not be read.');
  } catch (error) {
    if (error instanceof DatabaseHeld) throw error;
    if (error instanceof StatementFailed) return withFault('It is no memory of this server.');
    if (error instanceof DomainError) return withFault(error.message);
    throw error;
  }
}

async function ownerIn(directory: string, file: string): Promise<OwnerTable | null> {
  const database = await openDuckDb<MemoryTables>({ directory, file }, { create: false, readers: 1, memoryLimitMb: 128 });
  const memory = await MemoryStore.open(database, file, null, false);
  try {
    return await memory.read(({ owner }) => owner.find());
  } finally {
    await memory.close();
  }
}

function toStore(owner: OwnerTable, location: string): FoundStore | null {
  const { store_id: storeId, user_id: userId, issuer, name, created_at: createdAt } = owner;
  const aliases: unknown = owner.aliases;
  if (!Array.isArray(aliases) || !aliases.every(isIdentity)) return null;
  return { storeId, userId, issuer, name, aliases, backend: 'duckdb', location, createdAt };
}

function isIdentity(value: unknown): value is Identity {
  const { issuer, name } = (value ?? {}) as Partial<Record<keyof Identity, unknown>>;
  return typeof issuer === 'string' && typeof name === 'string';
}
