import { copyFile, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { verify, type BackupFile, type Manifest } from '#backup';
import { Catalog, type Store } from '#catalog';
import { syncPath } from '#database';
import { allStores } from '../../backup/all-stores.js';
import { CATALOG_FILE, CATALOG_MARK } from '../../catalog/catalog-files.js';
import { ownerOf } from '../../db-connection/store-owner.js';
import { UNASSIGNED_PATH } from '../../db-connection/unassigned-memory.service.js';
import { rebuildCatalog } from '../catalog/rebuild.js';
import { CommandError } from '../command.js';
import { checkMemory, type RestoredMemory } from './restored-memory.js';
import { restoredSecrets, type RestoredSecrets } from './restored-secrets.js';

export interface RestoreRequest {
  readonly from: string;
  readonly to: string;
  /** The folder of keys, or null to take them from the environment. */
  readonly keys: string | null;
  /** Whether unfinished executions go on by themselves. */
  readonly resume: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Restored {
  readonly dataDir: string;
  readonly manifest: Manifest;
  readonly memories: readonly RestoredMemory[];
  readonly secrets: RestoredSecrets;
}

/** Who is said to have restored it. */
const ACTOR = 'operator';
/** What a data directory is called until all of it is restored and checked. */
const DRAFT = '.restoring';
/** In a draft: only what says so is taken for one. */
const DRAFT_MARK = '.restore-draft';
const MEMORY_FOLDER = 'memory';

/**
 * Makes a data directory of a backup. It is checked byte by byte first, then put together beside its place, opened and read as a whole, and only then
 * given its name: what cuts it off leaves a draft, and no half server.
 * @throws CommandError when the backup is not whole, its keys are missing or others, or something is in the place; and the errors of opening.
 */
export async function restore(request: RestoreRequest): Promise<Restored> {
  const dataDir = resolve(request.to);
  await requireEmpty(dataDir);
  const manifest = await wholeManifest(request.from);
  const secrets = await restoredSecrets(manifest, request.keys, request.env);
  const draft = await beginDraft(dataDir);
  try {
    for (const file of manifest.files) await copy(join(resolve(request.from), file.path), join(draft, placeOf(file)));
    const memories =
      manifest.userId === null ? await checkAll(draft, manifest, request.resume) : await checkOne(draft, manifest, request.resume);
    for (const [name, secret] of Object.entries(secrets.files)) await writeFile(join(draft, name), secret, { mode: 0o600 });
    await writeFile(join(draft, CATALOG_MARK), '', { mode: 0o600 });
    await rm(join(draft, DRAFT_MARK));
    for (const folder of [join(draft, MEMORY_FOLDER), draft]) await syncPath(folder);
    await rmdir(dataDir).catch(() => undefined);
    await rename(draft, dataDir);
    await syncPath(dirname(dataDir));
    return { dataDir, manifest, memories, secrets };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** @throws CommandError */
async function requireEmpty(dataDir: string): Promise<void> {
  const there = await stat(dataDir).catch(() => null);
  if (there === null || (there.isDirectory() && (await readdir(dataDir)).length === 0)) return;
  throw new CommandError(
    `There is something in ${dataDir}. A backup is restored into a new place only: name a directory that is empty or not there yet.`,
  );
}

/** @throws CommandError */
async function wholeManifest(from: string): Promise<Manifest> {
  const { verdict, faults, manifest } = await verify(resolve(from));
  if (verdict === 'whole' && manifest) return manifest;
  throw new CommandError(`The backup ${resolve(from)} is ${verdict} and is not restored: ${faults.join('; ')}.`);
}

/** What an earlier restore that was cut off left there goes. */
async function beginDraft(dataDir: string): Promise<string> {
  const draft = join(dirname(dataDir), `${basename(dataDir)}${DRAFT}`);
  const left = await readdir(draft).catch(() => null);
  if (left !== null && left.length > 0 && !left.includes(DRAFT_MARK)) {
    throw new CommandError(`${draft} is in the way, and no restore has left it there. Move it away.`);
  }
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await writeFile(join(draft, DRAFT_MARK), '', { mode: 0o600 });
  await mkdir(join(draft, MEMORY_FOLDER), { mode: 0o700 });
  return draft;
}

function placeOf({ kind, path }: BackupFile): string {
  if (kind === 'catalog') return CATALOG_FILE;
  return kind === 'unassigned' ? UNASSIGNED_PATH : join(MEMORY_FOLDER, basename(path));
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await copyFile(from, to);
  await syncPath(to);
}

/** Everything that the catalog names must be there, and everybody's own. */
async function checkAll(draft: string, manifest: Manifest, resume: boolean): Promise<RestoredMemory[]> {
  await using catalog = await Catalog.open({ directory: draft, file: CATALOG_FILE }, { create: false });
  await catalog.content();
  const memories: RestoredMemory[] = [];
  for (const store of await allStores(catalog)) {
    const file = manifest.files.find(({ storeId }) => storeId === store.storeId);
    if (!file) {
      assertLeftOut(store, manifest);
      continue;
    }
    const memory = await checkMemory(join(draft, MEMORY_FOLDER), basename(file.path), await ownerOf(catalog, store), resume);
    // The catalog is older than the memory: it may not know of what was begun in between.
    if (memory.goesOn.length > 0) await catalog.stores.hasWork(store.userId);
    memories.push(memory);
  }
  if (manifest.files.some(({ kind }) => kind === 'unassigned')) {
    await checkMemory(join(draft, dirname(UNASSIGNED_PATH)), basename(UNASSIGNED_PATH), null, true);
  }
  // To whom they were told the original would seem to be well again.
  if (!resume) await catalog.alerts.leaveToOriginal();
  await catalog.audit.append(ACTOR, 'backup.restored', manifest.id, { memories: memories.length, skipped: manifest.skipped.length });
  return memories;
}

/** The backup of one person has no catalog: theirs is made of what their memory says of them. */
async function checkOne(draft: string, manifest: Manifest, resume: boolean): Promise<RestoredMemory[]> {
  const { memories: rebuilt } = await rebuildCatalog({ dataDir: draft, memoryDir: join(draft, MEMORY_FOLDER) }, false);
  const [found] = rebuilt;
  if (!found?.store || found.leftOut !== null) throw new CommandError(`The memory in the backup can't be used. ${found?.leftOut ?? ''}`);
  await using catalog = await Catalog.open({ directory: draft, file: CATALOG_FILE }, { create: false });
  const store = await catalog.stores.find(found.store.userId);
  if (store?.userId !== manifest.userId) throw new CommandError('The memory in the backup is not of the person that the backup names.');
  return [await checkMemory(join(draft, MEMORY_FOLDER), found.file, await ownerOf(catalog, store), resume)];
}

/** A store may have had to be left out, or hold nothing yet. @throws CommandError */
function assertLeftOut({ storeId, userId, state }: Store, { skipped }: Manifest): void {
  if (state === 'provisioning' || skipped.some((store) => store.storeId === storeId)) return;
  throw new CommandError(`The catalog of the backup names a memory of user ${userId} that the backup does not hold. It is not restored.`);
}
