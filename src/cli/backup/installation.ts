import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CATALOG_MARK } from '../../catalog/catalog-files.js';
import { variables } from '../../config/variables.js';
import { CommandError } from '../command.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Makes sure that there is something to back up: to read the configuration would make the secrets of a new installation. @throws CommandError */
export function requireInstallation(env: Environment): void {
  const dataDir = dataDirIn(env);
  if (existsSync(join(dataDir, CATALOG_MARK))) return;
  throw new CommandError(`There is no installation in ${dataDir}. Set DATA_DIR to the data directory of the server.`);
}

/** Where the backups are, whether there is an installation or not. */
export function backupDirectoryIn(env: Environment): string {
  const given = env['BACKUP_DIR']?.trim();
  return given ? resolve(given) : join(dataDirIn(env), 'backups');
}

function dataDirIn(env: Environment): string {
  return resolve(env['DATA_DIR']?.trim() || variables.DATA_DIR.initial);
}
