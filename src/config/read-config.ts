import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { Config } from './config.js';
import { CATALOG_MARK, OWN_FOLDERS, SALT_FILE } from './data-files.js';
import { generatedSecret, keptSecret } from './generated-secret.js';
import { isLoopback } from './loopback.js';
import { encryptionKey, jwtSecret, webhookSecret, webhookSecretOf } from './secrets.js';
import { unknownNames } from './unknown-names.js';
import { ValueFault, type Variable } from './value.js';
import { variables, type Values } from './variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The server can't start as it is told to: one sentence per fault, all of them at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `- ${fault}.`).join('\n')}`,
    );
  }
}

/** The salt is not the one that the server was begun with. Who is to be alerted of that is in the rest of the configuration. */
export class SaltRefused extends ConfigError {
  constructor(
    faults: readonly string[],
    readonly config: Config,
  ) {
    super(faults);
  }
}

/**
 * Reads the environment once. Empty variables count as missing. Secrets that are missing are made and kept in files of the data directory,
 * which is created only when nothing else is wrong.
 * @throws ConfigError, SaltRefused
 */
export async function readConfig(env: Environment): Promise<Config> {
  const { values, faults } = readValues(env);
  const all = [...faults, ...contradictions(values), ...unknownNames(env)];
  if (all.length > 0) throw new ConfigError(all);
  return readSecrets(values);
}

/** What a variable with a fault would be stays undefined: nobody gets to see it but `contradictions`. */
function readValues(env: Environment): { values: Values; faults: readonly string[] } {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, { initial, parse }] of Object.entries<Variable<unknown>>(variables)) {
    const given = env[name];
    try {
      values[name] = parse(given === undefined || given.trim() === '' ? initial : given);
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error;
      faults.push(`${name} ${error.message}`);
    }
  }
  return { values: values as Values, faults };
}

/** What is wrong although each value alone is right. */
function contradictions(values: Values): readonly string[] {
  const faults: string[] = [];
  if (values.OIDC_ISSUER !== null && values.OIDC_AUDIENCE === null) {
    faults.push('OIDC_AUDIENCE must be set with OIDC_ISSUER: without it, tokens for any other application would be accepted');
  }
  if (values.OIDC_ISSUER === null && (values.OIDC_AUDIENCE !== null || values.OIDC_ADMIN_CLAIM !== null)) {
    faults.push('OIDC_ISSUER must be set when OIDC_AUDIENCE or OIDC_ADMIN_CLAIM is');
  }
  if (values.DISK_WARNING_MB < values.DISK_LEAST_MB) {
    faults.push('DISK_WARNING_MB must be at least DISK_LEAST_MB: a warning that comes after the end is none');
  }
  faults.push(...folderFaults(values));
  // A setting that changes nothing would be believed to work.
  const unsupported = 'is not supported by this release; leave it empty';
  if (values.DATABASE_URL) faults.push(`DATABASE_URL ${unsupported}: memories are embedded DuckDB files`);
  if (values.SINGLE_USER !== null && !isLoopback(values.HOST)) {
    faults.push('HOST must be 127.0.0.1, ::1 or localhost with SINGLE_USER, which asks nobody for a token');
  }
  return faults;
}

/** What is in some folders of the data directory is the server's own: it makes it, and takes it away. */
function folderFaults({ BACKUP_DIR, DATA_DIR, VIOLENTUTF_MEMORY_DIR, VIOLENTUTF_MEMORY_PATH }: Values): readonly string[] {
  const faults: string[] = [];
  const isIn = (directory: string, folder: string): boolean => `${resolve(directory)}${sep}`.startsWith(`${resolve(folder)}${sep}`);
  const own = OWN_FOLDERS.map((name) => join(DATA_DIR, name));
  for (const [name, directory] of Object.entries({ BACKUP_DIR, VIOLENTUTF_MEMORY_DIR, VIOLENTUTF_MEMORY_PATH })) {
    const taken = directory === null ? undefined : own.find((folder) => isIn(directory, folder));
    if (taken !== undefined) faults.push(`${name} must not be in ${taken}, which the server has for itself`);
  }
  const taken = [DATA_DIR, join(DATA_DIR, 'memory'), VIOLENTUTF_MEMORY_DIR, VIOLENTUTF_MEMORY_PATH];
  const backups = resolve(BACKUP_DIR ?? join(DATA_DIR, 'backups'));
  if (taken.some((directory) => directory !== null && resolve(directory) === backups)) {
    faults.push('BACKUP_DIR must be a directory of its own, not DATA_DIR or the directory of the memories');
  }
  return faults;
}

async function readSecrets(values: Values): Promise<Config> {
  const directory = resolve(values.DATA_DIR);
  const faults: string[] = [];
  const attempt = async <T>(name: string, file: string, read: () => Promise<T>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      const reason = error instanceof ValueFault ? `the file ${file} in DATA_DIR ${error.message}` : (error as Error).message;
      faults.push(`${name} can't be taken from the data directory: ${reason}`);
      return null;
    }
  };
  const kept = <T>(name: string, file: string, make: () => string, parse: (text: string) => T): Promise<T | null> =>
    attempt(name, file, async () => parse(await generatedSecret(directory, file, make)));
  // Nothing else is made when the salt is in doubt.
  const salt = await attempt('PYRIT_DB_SALT', SALT_FILE, () => readSalt(directory, values.PYRIT_DB_SALT));
  const key =
    values.ENCRYPTION_KEY ?? (await kept('ENCRYPTION_KEY', 'encryption-key', () => randomBytes(32).toString('base64'), encryptionKey));
  const jwt =
    values.JWT_SECRET_KEY ??
    (values.OIDC_ISSUER === null
      ? await kept('JWT_SECRET_KEY', 'jwt-secret', () => randomBytes(48).toString('base64url'), jwtSecret)
      : null);
  const webhookKey =
    values.ALERT_WEBHOOK_SECRET ??
    (values.ALERT_WEBHOOK_URL === null
      ? null
      : await kept('ALERT_WEBHOOK_SECRET', 'alert-webhook-secret', () => webhookSecretOf(randomBytes(32)), webhookSecret));
  if (salt === null || key === null || faults.length > 0) throw new ConfigError(faults);
  const config = new Config(values, { salt: salt.value, encryptionKey: key, jwtSecret: jwt, webhookKey });
  if (salt.fault !== null) throw new SaltRefused([salt.fault], config);
  return config;
}

/** The salt, and why the server must not start with it. Beside a catalog none is made: the catalog says whether one that is given is the right one. */
async function readSalt(directory: string, given: string | null): Promise<{ readonly value: string; readonly fault: string | null }> {
  const begun = (await stat(join(directory, CATALOG_MARK)).catch(() => null)) !== null;
  if (begun) {
    const present = await keptSecret(directory, SALT_FILE);
    if (present === null) return { value: given ?? '', fault: given === null ? SALT_MISSING : null };
  }
  const value = await generatedSecret(directory, SALT_FILE, () => given ?? randomBytes(16).toString('hex'));
  return { value, fault: given !== null && given !== value ? SALT_DIFFERS : null };
}

const SALT_MISSING =
  'PYRIT_DB_SALT is not known any more: the file salt is gone from the data directory, whose catalog was begun with it. Put it back from a ' +
  'backup of the keys, or set PYRIT_DB_SALT to what it was; no new one is made';
const SALT_DIFFERS =
  'PYRIT_DB_SALT differs from the salt that the data directory was started with (its file salt): set that one again, or leave it empty';
