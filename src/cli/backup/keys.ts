import { mkdir, open, readdir, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Config } from '../../config/config.js';
import { webhookSecretOf } from '../../config/secrets.js';
import { CommandError } from '../command.js';

/** What a folder of keys holds; the names are those of the data directory. */
export const KEY_FILES = {
  salt: 'salt',
  encryptionKey: 'encryption-key',
  jwtSecret: 'jwt-secret',
  webhookSecret: 'alert-webhook-secret',
} as const;

type Keyed = Pick<Config, 'salt' | 'encryptionKey' | 'jwtSecret' | 'alertWebhook' | 'dataDir' | 'memoryDir' | 'backup'>;

/**
 * Writes the secrets of an installation into a folder of their own, which is made, for its owner alone.
 * @returns the names of the files.
 * @throws CommandError when it would be beside what they open, or when something is in it.
 */
export async function writeKeys(config: Keyed, folder: string): Promise<readonly string[]> {
  const to = await realFolder(resolve(folder));
  for (const taken of [config.dataDir, config.memoryDir, config.backup.dir]) {
    if (!isWithin(await realFolder(taken), to)) continue;
    throw new CommandError(
      `${to} is in ${taken}: whoever has the data would have the keys to it. Name a folder elsewhere, better on another disk.`,
    );
  }
  await mkdir(to, { recursive: true, mode: 0o700 });
  if ((await readdir(to)).length > 0) throw new CommandError(`There is something in ${to}. Name a folder that is empty or not there yet.`);
  const secrets: Record<string, string> = {
    [KEY_FILES.salt]: config.salt,
    [KEY_FILES.encryptionKey]: config.encryptionKey.toString('base64'),
    ...(config.jwtSecret === null ? {} : { [KEY_FILES.jwtSecret]: config.jwtSecret }),
    ...(config.alertWebhook === null ? {} : { [KEY_FILES.webhookSecret]: webhookSecretOf(config.alertWebhook.key) }),
  };
  for (const [name, secret] of Object.entries(secrets)) await writeSecret(join(to, name), secret);
  return Object.keys(secrets);
}

async function writeSecret(path: string, secret: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(secret);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where a folder is, or will be, whatever links lead there. */
async function realFolder(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null) return real;
  const parent = dirname(path);
  return parent === path ? path : join(await realFolder(parent), relative(parent, path));
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && resolve(folder, way) === path);
}
