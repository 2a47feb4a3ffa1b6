import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from './config.js';
import { generatedSecret } from './generated-secret.js';
import { ConfigError, readConfig, SaltRefused, type Environment } from './read-config.js';
import { variables } from './variables.js';

const GOOD_SECRET = 'q7Yh2mVx0PzL9sKd4RtB8wNc6JfG1aEu';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function read(env: Environment = {}): Promise<Config> {
  return readConfig({ DATA_DIR: join(directory, 'data'), ...env });
}

async function faultsOf(env: Environment): Promise<readonly string[]> {
  try {
    await read(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults;
  }
  throw new Error('This configuration was accepted.');
}

describe('readConfig', () => {
  it('needs nothing: it has defaults, and is frozen to the last member', async () => {
    const config = await read();
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      orchestratorTtlMs: 1_800_000,
      oidc: null,
      singleUser: null,
      dbMaxOpen: 200,
    });
    expect(config.outbound).toMatchObject({ timeoutMs: 300_000, maxInFlight: 200 });
    expect(config.quotas).toEqual({ storeBytes: 10_240 * 1024 * 1024, executions: 10_000, promptsPerDataset: 100_000 });
    expect(config.memoryDir).toBe(join(directory, 'data', 'memory'));
    for (const part of [config, config.quotas, config.outbound, config.health, config.generators, config.adminUsers, config.legacyRoots]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('takes empty variables for missing ones', async () => {
    expect(await read({ PORT: '', SINGLE_USER: ' ', OIDC_ISSUER: '' })).toMatchObject({ port: 8080, singleUser: null, oidc: null });
  });

  it('lets VIOLENTUTF_MEMORY_PATH override VIOLENTUTF_MEMORY_DIR', async () => {
    expect((await read({ VIOLENTUTF_MEMORY_DIR: '/a' })).memoryDir).toBe('/a');
    expect((await read({ VIOLENTUTF_MEMORY_DIR: '/a', VIOLENTUTF_MEMORY_PATH: '/b' })).memoryDir).toBe('/b');
  });

  it('refuses folders that the server has for itself, some of which it empties', async () => {
    const inside = (name: string): string => join(directory, 'data', name);
    const faults = await faultsOf({
      VIOLENTUTF_MEMORY_DIR: inside('backups'),
      VIOLENTUTF_MEMORY_PATH: inside('looked-into'),
      BACKUP_DIR: inside('migration/../quarantine/mine'),
    });
    expect(faults).toEqual([
      `BACKUP_DIR must not be in ${inside('quarantine')}, which the server has for itself`,
      `VIOLENTUTF_MEMORY_PATH must not be in ${inside('looked-into')}, which the server has for itself`,
    ]);
    expect(await faultsOf({ VIOLENTUTF_MEMORY_DIR: inside('backups') })).toEqual([
      expect.stringMatching(/^BACKUP_DIR must be .* of its own/),
    ]);
    expect((await read({ BACKUP_DIR: inside('migration-of-backups') })).backup.dir).toBe(inside('migration-of-backups'));
  });

  it('reads lists, and OIDC as one thing', async () => {
    const config = await read({
      ADMIN_USERS: ' ada , https://id.example.org/realm|42,',
      OIDC_ISSUER: 'https://id.example.org/realm',
      OIDC_AUDIENCE: 'violentutf',
    });
    expect(config.adminUsers).toEqual(['ada', 'https://id.example.org/realm|42']);
    expect(config.oidc).toEqual({ issuer: 'https://id.example.org/realm', audience: 'violentutf', adminClaim: null, adminValue: 'admin' });
    expect(config.jwtSecret).toBeNull();
  });

  it('names every fault at once, with the variable and the remedy, and creates nothing', async () => {
    const faults = await faultsOf({
      PORT: '80800',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'sqlite:///x.db',
      ORCHESTRATOR_POOLSIZE: '5',
      DB_NONSENSE_AT_ALL_HERE: '1',
      SINGLE_USER: 'ada',
      HOST: '::',
    });
    expect(faults).toEqual([
      'PORT must be a whole number from 0 to 65535',
      'LOG_LEVEL must be one of: fatal, error, warn, info, debug, trace, silent',
      'DATABASE_URL must be a URL that begins with postgres:// or postgresql://',
      expect.stringMatching(/^HOST must be 127.0.0.1/),
      'ORCHESTRATOR_POOLSIZE is not known here: did you mean ORCHESTRATOR_POOL_SIZE?',
      'DB_NONSENSE_AT_ALL_HERE is not known here; remove it',
    ]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not disturbed by what container platforms add for a service', async () => {
    await expect(
      read({
        DB_SERVICE_HOST: '10.0.0.1',
        DB_PORT: 'tcp://10.0.0.1:5432',
        DB_PORT_5432_TCP_ADDR: '10.0.0.1',
        VIOLENTUTF_SERVER_SERVICE_PORT: '1',
      }),
    ).resolves.toBeDefined();
    expect(await faultsOf({ DB_PORT: '5432' })).toHaveLength(1);
  });

  it.each<[string, Environment, RegExp]>([
    ['an engine that is not there yet', { DATABASE_URL: 'postgres://a@b/c' }, /^DATABASE_URL is not supported/],
    ['a webhook with a password', { ALERT_WEBHOOK_URL: 'https://me:pass@alerts.example.org' }, /^ALERT_WEBHOOK_URL must hold no user name/],
    ['a webhook over plain http elsewhere', { ALERT_WEBHOOK_URL: 'http://alerts.example.org' }, /^ALERT_WEBHOOK_URL must be a URL/],
    [
      'a webhook secret of another kind',
      { ALERT_WEBHOOK_SECRET: 'q7Yh2mVx0PzL9sKd4RtB8wNc6JfG1aEu' },
      /^ALERT_WEBHOOK_SECRET must be whsec_/,
    ],
    ['an issuer without audience', { OIDC_ISSUER: 'https://id.example.org' }, /^OIDC_AUDIENCE must be set/],
    ['an audience without issuer', { OIDC_AUDIENCE: 'violentutf' }, /^OIDC_ISSUER must be set/],
    ['an issuer over plain http elsewhere', { OIDC_ISSUER: 'http://id.example.org', OIDC_AUDIENCE: 'a' }, /^OIDC_ISSUER must be a URL/],
    ['a time to live of nothing', { ORCHESTRATOR_TTL_MINUTES: '0' }, /^ORCHESTRATOR_TTL_MINUTES must be a number from 0.001 to 100000$/],
    ['a single user for the whole network', { SINGLE_USER: 'ada', HOST: '0.0.0.0' }, /^HOST must be/],
    ['a short JWT secret', { JWT_SECRET_KEY: 'q7Yh2mVx0PzL9sKd4RtB8wNc6JfG1aE' }, /at least 32 bytes/],
    ['a sample JWT secret', { JWT_SECRET_KEY: 'your-256-bit-secret-your-256-bit-secret' }, /sample/],
    ['the sample of the JWT debugger', { JWT_SECRET_KEY: 'a-string-secret-at-least-256-bits-long' }, /sample/],
    ['the sample of ViolentUTF', { JWT_SECRET_KEY: 'replace_secret_key_replace_secret_key' }, /sample/],
    ['a request to change it', { JWT_SECRET_KEY: 'CHANGE-ME-CHANGE-ME-CHANGE-ME-CHANGE-ME' }, /sample/],
    ['a repeated JWT secret', { JWT_SECRET_KEY: 'abcabcabcabcabcabcabcabcabcabcabcabc' }, /repeats/],
    ['a warning of a full disk after the fact', { DISK_WARNING_MB: '100', DISK_LEAST_MB: '200' }, /^DISK_WARNING_MB must be at least/],
    ['a short metrics token', { METRICS_TOKEN: 'q7Yh2mVx0PzL9sK' }, /^METRICS_TOKEN must be at least 16 characters/],
    ['a metrics token that no header carries', { METRICS_TOKEN: 'q7Yh2mVx 0PzL9sKd4' }, /^METRICS_TOKEN must be of visible ASCII/],
    ['a repeated metrics token', { METRICS_TOKEN: 'abababababababab' }, /^METRICS_TOKEN repeats/],
    ['a short encryption key', { ENCRYPTION_KEY: Buffer.alloc(16, 7).toString('base64') }, /32 bytes in base64/],
    ['an encryption key of zeros', { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }, /repeats/],
  ])('refuses %s', async (_what, env, fault) => {
    expect(await faultsOf(env)).toEqual([expect.stringMatching(fault)]);
  });

  it('never repeats a secret in a fault', async () => {
    const secret = 'hunter2hunter2';
    expect((await faultsOf({ JWT_SECRET_KEY: secret, ENCRYPTION_KEY: secret })).join()).not.toContain(secret);
  });
});

describe('secrets', () => {
  it('are made once, for their owner only, and found again', async () => {
    const first = await read();
    const second = await read();
    expect(second).toEqual(first);
    expect(first.encryptionKey).toHaveLength(32);
    expect((await readdir(first.dataDir)).sort()).toEqual(['encryption-key', 'jwt-secret', 'salt']);
    expect((await stat(first.dataDir)).mode & 0o777).toBe(0o700);
    for (const file of ['encryption-key', 'jwt-secret', 'salt']) {
      expect((await stat(join(first.dataDir, file))).mode & 0o777).toBe(0o600);
    }
  });

  it('are the same for everyone who starts at the same time', async () => {
    const made = await Promise.all(
      Array.from({ length: 32 }, (_, index) => generatedSecret(join(directory, 'race'), 'salt', () => `secret of ${index}`)),
    );
    expect(new Set(made).size).toBe(1);
    expect(await readdir(join(directory, 'race'))).toEqual(['salt']);
  });

  it('come from the environment when it has them', async () => {
    const encryptionKey = Buffer.from(GOOD_SECRET).toString('base64');
    const config = await read({ JWT_SECRET_KEY: GOOD_SECRET, ENCRYPTION_KEY: encryptionKey, PYRIT_DB_SALT: 'default_salt_2025' });
    expect(config).toMatchObject({ jwtSecret: GOOD_SECRET, salt: 'default_salt_2025' });
    expect(await readdir(config.dataDir)).toEqual(['salt']);
    expect((await read({ JWT_SECRET_KEY: GOOD_SECRET })).salt).toBe('default_salt_2025');
  });

  it('keep the salt: another one in the environment is refused', async () => {
    await read({ PYRIT_DB_SALT: 'one' });
    expect(await faultsOf({ PYRIT_DB_SALT: 'two' })).toEqual([expect.stringMatching(/^PYRIT_DB_SALT differs from the salt/)]);
    await expect(read({ PYRIT_DB_SALT: 'one' })).resolves.toMatchObject({ salt: 'one' });
  });

  it('keep the salt: beside a catalog a lost one is not made anew', async () => {
    const { dataDir } = await read({ ALERT_WEBHOOK_URL: 'https://alerts.example.org/hook' });
    await writeFile(join(dataDir, '.catalog-made'), '');
    await rm(join(dataDir, 'salt'));
    const refusal = await read({ ALERT_WEBHOOK_URL: 'https://alerts.example.org/hook' }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SaltRefused);
    expect((refusal as SaltRefused).faults).toEqual([expect.stringMatching(/^PYRIT_DB_SALT is not known any more.*no new one is made$/)]);
    expect((refusal as SaltRefused).config.alertWebhook?.url).toBe('https://alerts.example.org/hook');
    expect(await readdir(dataDir)).not.toContain('salt');
    // Whether it is the right one is for the catalog to say.
    expect((await read({ PYRIT_DB_SALT: 'given' })).salt).toBe('given');
    expect(await readdir(dataDir)).not.toContain('salt');
  });

  it('sign alerts with a secret that is made when there is a webhook', async () => {
    const url = 'https://alerts.example.org/hook';
    expect((await read()).alertWebhook).toBeNull();
    const { dataDir, alertWebhook } = await read({ ALERT_WEBHOOK_URL: url });
    const kept = await readFile(join(dataDir, 'alert-webhook-secret'), 'utf8');
    expect(kept).toBe(`whsec_${alertWebhook?.key.toString('base64')}`);
    expect((await stat(join(dataDir, 'alert-webhook-secret'))).mode & 0o777).toBe(0o600);
    expect(alertWebhook?.key).toHaveLength(32);
    const own = `whsec_${Buffer.alloc(24, 'own').toString('base64')}`;
    expect((await read({ ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: own })).alertWebhook?.key).toEqual(Buffer.alloc(24, 'own'));
  });

  it('are refused when their file was emptied or damaged', async () => {
    const { dataDir } = await read();
    await writeFile(join(dataDir, 'salt'), '');
    await writeFile(join(dataDir, 'encryption-key'), 'short\n');
    expect(await faultsOf({})).toEqual([
      expect.stringMatching(/^PYRIT_DB_SALT .* is empty/),
      expect.stringMatching(/^ENCRYPTION_KEY .* 32 bytes/),
    ]);
  });
});

describe('.env.example', () => {
  it('shows every variable with its default and a line about it, and is itself valid', async () => {
    const example = await readFile(join(import.meta.dirname, '../../.env.example'), 'utf8');
    const lines = example.split('\n');
    for (const [name, { initial, description }] of Object.entries(variables)) {
      const at = lines.indexOf(`${name}=${initial}`);
      expect({ name, comment: lines[at - 1] }).toEqual({ name, comment: `# ${description}` });
    }
    const parsed = parseEnv(example);
    expect(Object.keys(parsed).sort()).toEqual(Object.keys(variables).sort());
    expect(await read({ ...parsed, DATA_DIR: join(directory, 'data') })).toEqual(await read());
  });
});
