import { resolve } from 'node:path';
import { BackupDirectory, bytesOf, verify } from '#backup';
import { SHARED_SECRET, canonicalName } from '../../auth/canonical-user.js';
import { BackupService } from '../../backup/backup.service.js';
import { CatalogService } from '../../catalog/catalog.service.js';
import { readConfig } from '../../config/read-config.js';
import { CommandError } from '../command.js';
import { textTable } from '../text-table.js';
import { backupApp } from './backup-app.js';
import { backupDirectoryIn, requireInstallation } from './installation.js';
import { writeKeys } from './keys.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What could not be backed up, or is not whole, wants to be looked at. */
const INCOMPLETE = 2;
const ACTOR = 'operator';

const COLUMNS = [
  { title: 'BACKUP', align: 'left' },
  { title: 'MANIFEST', align: 'left' },
  { title: 'OF', align: 'left' },
  { title: 'FILES', align: 'right' },
  { title: 'MB', align: 'right' },
  { title: 'LEFT OUT', align: 'right' },
] as const;

/** What a command says, and its exit code. */
export interface Said {
  readonly lines: readonly string[];
  readonly code: number;
}

/** @param user the name or id of one person. */
export async function create(env: Environment, user: string | undefined): Promise<Said> {
  requireInstallation(env);
  // They are opened one after the other.
  const config = await readConfig({ ...env, DB_MAX_OPEN: '4' });
  const app = await backupApp(config);
  try {
    const backups = app.get(BackupService);
    const userId = user === undefined ? null : await idOf(app.get(CatalogService, { strict: false }), user);
    const { id } = await backups.start(userId, ACTOR);
    await backups.ended();
    const entry = await backups.get(id);
    if (!('found' in entry) || !entry.found.manifest) {
      const failure = 'run' in entry ? entry.run.failure : entry.found.fault;
      throw new CommandError(`The backup was not made: ${failure ?? 'it is gone.'}`);
    }
    const { manifest, folder } = entry.found;
    const lines = [
      folder,
      `${manifest.files.length} files, ${megabytes(bytesOf(manifest))} MB. Neither the encryption key nor the salt is in it: npm run backup -- keys --to FOLDER`,
      ...manifest.skipped.map(({ userId, reason }) => `Left out: the memory of user ${userId}. ${reason}`),
    ];
    return { lines, code: manifest.skipped.length === 0 ? 0 : INCOMPLETE };
  } finally {
    await app.close();
  }
}

export async function list(env: Environment): Promise<Said> {
  const directory = new BackupDirectory(backupDirectoryIn(env));
  const found = await directory.list();
  if (found.length === 0) return { lines: [`There are no backups in ${directory.path}.`], code: 0 };
  const rows = found.map(({ name, verdict, manifest }) => [
    name,
    verdict,
    manifest?.userId ?? (manifest ? 'everybody' : ''),
    manifest ? String(manifest.files.length) : '',
    manifest ? megabytes(bytesOf(manifest)) : '',
    manifest ? String(manifest.skipped.length) : '',
  ]);
  return { lines: textTable(COLUMNS, rows), code: 0 };
}

/** @param which a folder, or the name or id of a backup in the directory of backups. */
export async function check(env: Environment, which: string): Promise<Said> {
  const backups = await new BackupDirectory(backupDirectoryIn(env)).list();
  const folder = backups.find(({ id, name }) => id === which || name === which)?.folder ?? resolve(which);
  const { verdict, faults, manifest } = await verify(folder);
  if (manifest && verdict === 'whole') {
    return { lines: [`${folder} is whole: ${manifest.files.length} files, ${megabytes(bytesOf(manifest))} MB.`], code: 0 };
  }
  return { lines: [`${folder} is ${verdict} and can't be restored:`, ...faults.map((fault) => `- ${fault}.`)], code: INCOMPLETE };
}

export async function keys(env: Environment, to: string | undefined): Promise<Said> {
  if (to === undefined) throw new CommandError('Say --to FOLDER, where the keys are to be written.');
  requireInstallation(env);
  const files = await writeKeys(await readConfig(env), to);
  return { lines: [`${files.join(', ')} are in ${resolve(to)}. Keep them apart from the backups.`], code: 0 };
}

async function idOf(catalog: CatalogService, user: string): Promise<string> {
  const identity = { issuer: SHARED_SECRET, name: canonicalName(user) };
  return (await catalog.users.find(identity))?.userId ?? user.toLowerCase();
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
