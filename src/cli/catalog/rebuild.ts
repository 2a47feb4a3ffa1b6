import { link, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog, type FoundStore, type RestoredStore } from '#catalog';
import { DatabaseHeld, openDuckDb } from '#database';
import { CATALOG_FILE, CATALOG_MARK } from '../../catalog/catalog-files.js';
import type { Config } from '../../config/config.js';
import { CommandError } from '../command.js';
import { findMemories, type FoundMemory } from './found-memories.js';

/** What became of one file. */
export interface RebuiltMemory {
  readonly file: string;
  readonly store: FoundStore | null;
  /** Null when it is restored. */
  readonly leftOut: string | null;
  readonly contestedAliases: RestoredStore['contestedAliases'];
}

export interface Rebuild {
  readonly memories: readonly RebuiltMemory[];
  /** Whether the new catalog is in place. It is not when no memory could be restored. */
  readonly written: boolean;
  /** Where the former catalog is now, or null when there was none. */
  readonly movedTo: string | null;
}

/**
 * Makes a new catalog from the owner rows of the memories, beside its place, and moves it there whole. An existing one is moved aside, never removed.
 * @throws CommandError when there is a catalog and `force` is not given, or no memory; DatabaseHeld when a server is running.
 */
export async function rebuildCatalog({ dataDir, memoryDir }: Pick<Config, 'dataDir' | 'memoryDir'>, force: boolean): Promise<Rebuild> {
  const path = join(dataDir, CATALOG_FILE);
  if (await exists(path)) {
    if (!force) throw new CommandError(`There is a catalog: ${path}. Only a lost one is rebuilt; --force moves this one aside first.`);
    await requireUnheld(dataDir);
  }
  if (!(await exists(memoryDir))) throw new CommandError(`There is no memory directory ${memoryDir}. Check VIOLENTUTF_MEMORY_DIR.`);
  const found = await findMemories(memoryDir);
  if (found.length === 0) {
    throw new CommandError(
      `There is no memory in ${memoryDir}. Check VIOLENTUTF_MEMORY_DIR; if there never was one, remove ${CATALOG_MARK} from ${dataDir}.`,
    );
  }
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  const draft = `${CATALOG_FILE}.rebuilt-${stamp}`;
  try {
    const memories = outcomes(found, await restore(dataDir, draft, found));
    if (await exists(join(dataDir, `${draft}.wal`))) {
      throw new CommandError(`The new catalog could not be completed. Make sure that there is space in ${dataDir}, and try again.`);
    }
    if (memories.every(({ leftOut }) => leftOut !== null)) return { memories, written: false, movedTo: null };
    const movedTo = await moveAside(path, `${path}.replaced-${stamp}`);
    await writeFile(join(dataDir, CATALOG_MARK), '', { mode: 0o600 });
    // Unlike a rename, it would not replace a catalog that has come about in the meantime.
    await link(join(dataDir, draft), path);
    return { memories, written: true, movedTo };
  } finally {
    for (const file of [draft, `${draft}.wal`]) await rm(join(dataDir, file), { force: true });
  }
}

/** Of the catalog that is moved aside, only whether somebody uses it matters: it may be as damaged as it likes. */
async function requireUnheld(directory: string): Promise<void> {
  try {
    const database = await openDuckDb({ directory, file: CATALOG_FILE }, { create: false });
    await database.close();
  } catch (error) {
    if (error instanceof DatabaseHeld) throw error;
  }
}

async function restore(directory: string, draft: string, found: readonly FoundMemory[]): Promise<readonly RestoredStore[]> {
  await using catalog = await Catalog.open({ directory, file: draft }, { create: true });
  return await catalog.restore(found.flatMap(({ store }) => store ?? []));
}

function outcomes(found: readonly FoundMemory[], restored: readonly RestoredStore[]): RebuiltMemory[] {
  const byStore = new Map(restored.map((result) => [result.store, result]));
  return found.map((memory) => {
    const { file, store } = memory;
    if (store === null) return { file, store, leftOut: memory.fault, contestedAliases: [] };
    const { leftOut = null, contestedAliases = [] } = byStore.get(store) ?? {};
    return { file, store, leftOut: leftOut === null ? null : `It ${leftOut}.`, contestedAliases };
  });
}

/** The database and its log belong together; a log alone must not be taken for that of the new one. */
async function moveAside(path: string, to: string): Promise<string | null> {
  const [file, log] = await Promise.all([exists(path), exists(`${path}.wal`)]);
  if (file) await rename(path, to);
  if (log) await rename(`${path}.wal`, `${to}.wal`);
  return file ? to : null;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
