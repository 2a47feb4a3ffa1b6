import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Manifest } from '#backup';
import { Catalog } from '#catalog';
import { canonicalJson, sha256, type JsonValue } from '#core';
import { newAlert } from '../../alerts/new-alert.js';
import { BackupMaker } from '../../backup/backup-maker.service.js';
import { BackupService } from '../../backup/backup.service.js';
import { CatalogModule } from '../../catalog/catalog.module.js';
import { CatalogService } from '../../catalog/catalog.service.js';
import type { Config } from '../../config/config.js';
import { ConfigModule } from '../../config/config.module.js';
import { readConfig } from '../../config/read-config.js';
import { DbConnectionModule } from '../../db-connection/db-connection.module.js';
import { DbConnectionService } from '../../db-connection/db-connection.service.js';
import { writeKeys } from '../backup/keys.js';
import { restoreReport } from './restore-report.js';
import { restore, type Restored } from './restore.js';

let places: string;
let config: Config;
let app: TestingModule;
let folder: string;
let keys: string;
let adaId: string;

beforeAll(async () => {
  places = mkdtempSync(join(tmpdir(), 'restore-'));
  config = await readConfig({ DATA_DIR: join(places, 'data') });
  const imports = [ConfigModule.forRoot(config), CatalogModule, DbConnectionModule];
  app = await Test.createTestingModule({ imports, providers: [BackupService, BackupMaker] }).compile();
  app.useLogger(false);
  await app.init();
  const [db, catalog] = [app.get(DbConnectionService), app.get(CatalogService)];
  for (const name of ['ada', 'bob']) {
    const { userId } = await catalog.users.resolve({ issuer: 'shared-secret', name });
    await db.lendOf(userId, (store) =>
      store.transact(({ configurations }) => configurations('converters').create({ name, type: 'base64', parameters: {}, secrets: {} })),
    );
    if (name === 'ada') adaId = userId;
  }
  // Entered by somebody's first request, which never got as far as their file.
  const { userId } = await catalog.users.resolve({ issuer: 'shared-secret', name: 'new' });
  await catalog.stores.provision(userId, { backend: 'duckdb', location: 'pyrit_memory_0000000000000000.db' });
  await catalog.alerts.raise(newAlert({ ...ALERT, fingerprint: 'told' }, 'none'));
  await catalog.alerts.raise(newAlert({ ...ALERT, fingerprint: 'to be told' }, 'pending'));
  folder = await made();
  keys = join(places, 'keys');
  await writeKeys(config, keys);
});

afterAll(async () => {
  await app.close();
  rmSync(places, { recursive: true });
});

/** Makes a backup. @returns its folder. */
async function made(): Promise<string> {
  const backups = app.get(BackupService);
  const { id } = await backups.start(null, 'root');
  await backups.ended();
  const entry = await backups.get(id);
  if ('run' in entry) throw new Error(entry.run.failure ?? 'It is still being made.');
  return entry.found.folder;
}

const ALERT = { type: 'memory-switch', severity: 'critical', summary: 'A file is missing.' } as const;

const to = (name: string): string => join(places, name);

/** What fires, and of what operators are still to be told, in a restored catalog. */
async function alertsIn(place: string): Promise<string[]> {
  await using catalog = await Catalog.open({ directory: to(place), file: 'catalog.db' }, { create: false });
  const { alerts } = catalog;
  return [...(await alerts.firing()), ...(await alerts.pending())].map(({ fingerprint }) => fingerprint);
}

const restoring = (from: string, place: string, given: string | null = keys, env: Record<string, string> = {}): Promise<Restored> =>
  restore({ from, to: to(place), keys: given, resume: false, env });

/** A copy of the backup, changed. */
function changed(name: string, change: (copy: string) => void): string {
  const copy = to(name);
  cpSync(folder, copy, { recursive: true });
  change(copy);
  return copy;
}

/** A folder of keys in which one is another. */
function keysWith(name: string, files: Record<string, string | null>): string {
  cpSync(keys, to(name), { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    if (text === null) rmSync(join(to(name), file));
    else writeFileSync(join(to(name), file), text);
  }
  return to(name);
}

describe('A backup', () => {
  it('leaves out of nobody’s memory but what is new, and is restored with what it takes to start a server', async () => {
    const { memories, manifest, secrets } = await restoring(folder, 'restored');
    expect(manifest.files.map(({ kind }) => kind)).toEqual(['catalog', 'memory', 'memory']);
    expect(memories.map(({ userId, paused }) => [userId === adaId, paused])).toEqual([
      [true, []],
      [false, []],
    ]);
    expect([secrets.keyInEnvironment, secrets.hasJwtSecret]).toEqual([false, true]);
    expect(readdirSync(to('restored')).sort()).toEqual(['.catalog-made', 'catalog.db', 'encryption-key', 'jwt-secret', 'memory', 'salt']);
    expect(readdirSync(to('restored/memory')).filter((file) => !file.endsWith('.db'))).toEqual([]);
    for (const file of readdirSync(to('restored'))) expect([file, statSync(join(to('restored'), file)).mode & 0o077]).toEqual([file, 0]);
    const again = await readConfig({ DATA_DIR: to('restored') });
    expect([again.salt, again.encryptionKey, again.jwtSecret]).toEqual([config.salt, config.encryptionKey, config.jwtSecret]);
  });

  it('alerts nobody once more of what the original alerts of, unless the original is gone', async () => {
    await restoring(folder, 'beside');
    expect(await alertsIn('beside')).toEqual([]);
    await restore({ from: folder, to: to('instead'), keys, resume: true, env: {} });
    expect(await alertsIn('instead')).toEqual(['told', 'to be told', 'to be told']);
  });

  it('is restored with a key that only the environment has, and leaves it there', async () => {
    const env = { ENCRYPTION_KEY: config.encryptionKey.toString('base64'), PYRIT_DB_SALT: config.salt };
    const restored = await restoring(folder, 'by-environment', null, env);
    expect(readdirSync(to('by-environment')).sort()).toEqual(['.catalog-made', 'catalog.db', 'memory', 'salt']);
    const report = restoreReport(restored).join('\n');
    expect(report).toMatch(/same ENCRYPTION_KEY: it is not written anywhere/);
    expect(report).toMatch(/no token secret/);
  });

  it.each<[string, () => string, () => string | null, RegExp]>([
    [
      'one of which a bit is another',
      () => changed('flipped', flip),
      () => keys,
      /is damaged and is not restored: its file memories\/.* was changed/,
    ],
    [
      'one without its manifest',
      () => changed('cut', (copy) => rmSync(join(copy, 'manifest.json'))),
      () => keys,
      /is incomplete and is not restored/,
    ],
    ['anything else', () => places, () => keys, /is incomplete and is not restored: it has no manifest/],
    ['one of a newer release', () => changed('newer', (copy) => forge(copy, { format: 2 })), () => keys, /newer release/],
    [
      'one whose key is not there',
      () => folder,
      () => null,
      /^The encryption key of this backup is missing\. .*--keys FOLDER.*ENCRYPTION_KEY\.$/,
    ],
    [
      'one whose salt is not there',
      () => folder,
      () => keysWith('no-salt', { salt: null }),
      /^The salt of this backup is missing\. .*PYRIT_DB_SALT\.$/,
    ],
    [
      'one whose key is another',
      () => folder,
      () => keysWith('other-key', { 'encryption-key': Buffer.from('0123456789abcdef0123456789ABCDEF').toString('base64') }),
      /^The encryption key in .*encryption-key is not the one that this backup was made with\..*nothing was restored\.$/,
    ],
    [
      'one whose key is none',
      () => folder,
      () => keysWith('no-key', { 'encryption-key': 'x' }),
      /^The encryption key in .*must be 32 bytes/,
    ],
    ['one whose salt is another', () => folder, () => keysWith('other-salt', { salt: 'x' }), /^The salt in .*salt is not the one/],
    [
      'one that holds less than its catalog names',
      () => changed('less', lessOne),
      () => keys,
      /names a memory of user .* that the backup does not hold/,
    ],
    ['one in which two memories were exchanged', () => changed('swapped', swap), () => keys, /is not the one that the catalog names/],
  ])('is not restored when it is %s', async (_what, from, given, sentence) => {
    await expect(restoring(from(), 'refused', given())).rejects.toThrow(sentence);
    expect(readdirSync(places).filter((name) => name.startsWith('refused'))).toEqual([]);
  });

  it('never goes where something is, and over a draft of its own only', async () => {
    mkdirSync(to('empty'));
    await restoring(folder, 'empty');
    await expect(restoring(folder, 'empty')).rejects.toThrow(/There is something in .*empty\. A backup is restored into a new place only/);
    mkdirSync(to('next.restoring'));
    writeFileSync(to('next.restoring/notes'), 'mine');
    await expect(restoring(folder, 'next')).rejects.toThrow(/no restore has left it there/);
    expect(readFileSync(to('next.restoring/notes'), 'utf8')).toBe('mine');
    writeFileSync(to('next.restoring/.restore-draft'), '');
    await restoring(folder, 'next');
    expect(existsSync(to('next.restoring'))).toBe(false);
  });

  it('says whose memory it had to leave out', async () => {
    const store = await app.get(CatalogService).stores.find(adaId);
    await app.get(DbConnectionService).releaseOf(adaId);
    const path = join(config.memoryDir, store?.location ?? '');
    cpSync(path, `${path}.aside`);
    writeFileSync(path, 'no database');
    const partial = await made();
    cpSync(`${path}.aside`, path);
    rmSync(`${path}.aside`);
    const restored = await restoring(partial, 'partial');
    expect(restored.manifest.skipped).toEqual([expect.objectContaining({ userId: adaId, reason: expect.stringMatching(/can't be read/) })]);
    expect(restoreReport(restored).join('\n')).toContain(`Not in the backup: the memory of user ${adaId}. The database`);
    expect(restored.memories).toHaveLength(1);
  });
});

describe('Keys', () => {
  it('are written for their owner alone, and never beside what they open', async () => {
    const files = ['encryption-key', 'jwt-secret', 'salt'];
    expect(readdirSync(keys).sort()).toEqual(files);
    expect([keys, ...files.map((file) => join(keys, file))].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o600, 0o600, 0o600,
    ]);
    const { dataDir, memoryDir, backup } = config;
    for (const inside of [dataDir, join(dataDir, 'keys'), join(backup.dir, 'a/b'), join(memoryDir, 'keys')]) {
      await expect(writeKeys(config, inside)).rejects.toThrow(/would have the keys to it/);
    }
    await expect(writeKeys(config, keys)).rejects.toThrow(/There is something in/);
  });
});

function flip(copy: string): void {
  const [memory = ''] = readdirSync(join(copy, 'memories'));
  const path = join(copy, 'memories', memory);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** Writes the manifest as somebody would who knows how. */
function forge(copy: string, changes: Partial<Manifest>): void {
  const { hash: _hash, ...manifest } = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8')) as Manifest & { hash: string };
  const forged = { ...manifest, ...changes };
  writeFileSync(join(copy, 'manifest.json'), JSON.stringify({ ...forged, hash: sha256(canonicalJson(forged as unknown as JsonValue)) }));
}

function filesIn(copy: string): Manifest['files'] {
  return (JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8')) as Manifest).files;
}

function lessOne(copy: string): void {
  forge(copy, { files: filesIn(copy).slice(0, 2) });
}

function swap(copy: string): void {
  const [catalog, a, b] = filesIn(copy);
  if (!catalog || !a || !b) throw new Error('There are not two memories.');
  forge(copy, { files: [catalog, { ...a, storeId: b.storeId }, { ...b, storeId: a.storeId }] });
}
