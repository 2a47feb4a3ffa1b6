import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fingerprintsOf, type Manifest } from '#backup';
import { encryptionKey } from '../../config/secrets.js';
import { ValueFault } from '../../config/value.js';
import { KEY_FILES } from '../backup/keys.js';
import { CommandError } from '../command.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is written into the new data directory, by file. What only the environment says stays there. */
export interface RestoredSecrets {
  readonly files: Readonly<Record<string, string>>;
  /** Whether the server has to be given `ENCRYPTION_KEY` as this command was. */
  readonly keyInEnvironment: boolean;
  readonly hasJwtSecret: boolean;
}

interface Found {
  readonly value: string;
  /** Where it was found, for a sentence. */
  readonly place: string;
  readonly inFolder: boolean;
}

/**
 * The salt and the key that a backup was made with: from the folder of keys, or else from the environment.
 * @throws CommandError when one is missing or is another one.
 */
export async function restoredSecrets(
  { fingerprints }: Pick<Manifest, 'fingerprints'>,
  keys: string | null,
  env: Environment,
): Promise<RestoredSecrets> {
  const key = await find(keys, KEY_FILES.encryptionKey, env, 'ENCRYPTION_KEY');
  if (!key) throw missing('encryption key', 'No stored secret could be opened without it', 'ENCRYPTION_KEY');
  const salt = await find(keys, KEY_FILES.salt, env, 'PYRIT_DB_SALT');
  if (!salt) throw missing('salt', 'New people would be given files that are named in another way', 'PYRIT_DB_SALT');
  const given = fingerprintsOf({ salt: salt.value, encryptionKey: parsed(key) });
  if (given.encryptionKey !== fingerprints.encryptionKey) throw wrong('encryption key', key);
  if (given.salt !== fingerprints.salt) throw wrong('salt', salt);
  const [jwtSecret, webhookSecret] = await Promise.all(
    [KEY_FILES.jwtSecret, KEY_FILES.webhookSecret].map(async (file) => (keys === null ? null : readSecret(join(keys, file)))),
  );
  return {
    files: {
      [KEY_FILES.salt]: salt.value,
      ...(key.inFolder ? { [KEY_FILES.encryptionKey]: key.value } : {}),
      ...(jwtSecret ? { [KEY_FILES.jwtSecret]: jwtSecret } : {}),
      ...(webhookSecret ? { [KEY_FILES.webhookSecret]: webhookSecret } : {}),
    },
    keyInEnvironment: !key.inFolder,
    hasJwtSecret: Boolean(jwtSecret),
  };
}

async function find(keys: string | null, file: string, env: Environment, name: string): Promise<Found | null> {
  const kept = keys === null ? null : await readSecret(join(keys, file));
  if (kept !== null) return { value: kept, place: join(resolve(keys ?? ''), file), inFolder: true };
  const given = env[name]?.trim();
  return given ? { value: given, place: name, inFolder: false } : null;
}

/** Null when there is no such file. */
async function readSecret(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '') || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parsed({ value, place }: Found): Buffer {
  try {
    return encryptionKey(value);
  } catch (error) {
    if (error instanceof ValueFault) throw new CommandError(`The encryption key in ${place} ${error.message}.`);
    throw error;
  }
}

function missing(noun: string, consequence: string, name: string): CommandError {
  return new CommandError(
    `The ${noun} of this backup is missing. ${consequence}, and it is never in a backup: say --keys FOLDER with what npm run backup -- keys has written, or set ${name}.`,
  );
}

function wrong(noun: string, { place }: Found): CommandError {
  return new CommandError(
    `The ${noun} in ${place} is not the one that this backup was made with. Give the one of that time; nothing was restored.`,
  );
}
