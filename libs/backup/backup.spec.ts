import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { canonicalJson, sha256, uuidv7, type JsonValue } from '#core';
import { BackupDirectory, BackupDraft, bytesOf, fingerprintsOf, verify, type Manifest } from './index.js';

const SECRETS = { salt: '8c5b1e0f9a7d4c3b2a1908f7e6d5c4b3', encryptionKey: Buffer.from('0123456789abcdef0123456789ABCDEF') };
const SALT = fingerprintsOf(SECRETS).salt;
const FILES = ['catalog.db', 'memories/a.db', 'memories/b.db'];

let directory: string;
let backups: BackupDirectory;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'backup-'));
  backups = new BackupDirectory(join(directory, 'backups'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const head = (begunAt: string) => ({
  format: 1,
  id: uuidv7(),
  userId: null,
  begunAt,
  serverVersion: '0.1.0',
  fingerprints: fingerprintsOf(SECRETS),
});

async function begun(begunAt = '2026-03-04T05:06:07.890Z'): Promise<BackupDraft> {
  const draft = await BackupDraft.begin(backups.path, head(begunAt));
  for (const path of FILES) {
    const kind = path === 'catalog.db' ? 'catalog' : 'memory';
    const [storeId, userId] = kind === 'memory' ? [`store of ${path}`, `user of ${path}`] : [null, null];
    await draft.add({ kind, path, schema: '0001-first', storeId, userId }, (place) =>
      writeFile(place, `content of ${path}`.repeat(1_000), { mode: 0o600 }),
    );
  }
  return draft;
}

/** A backup of three files. @returns its folder. */
async function made(begunAt?: string): Promise<string> {
  const draft = await begun(begunAt);
  await draft.finish('2026-03-04T05:06:08.000Z');
  return join(backups.path, draft.name);
}

function manifestIn(folder: string): Manifest & { hash: string } {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest & { hash: string };
}

/** Writes a manifest as somebody would who knows how. */
function forge(folder: string, changes: object): void {
  const { hash: _hash, ...manifest } = manifestIn(folder);
  const forged = { ...manifest, ...changes };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...forged, hash: sha256(canonicalJson(forged as unknown as JsonValue)) }));
}

describe('A backup', () => {
  it('is whole when its manifest is there and every byte is as it was', async () => {
    const folder = await made();
    const { verdict, faults, manifest } = await verify(folder);
    expect([verdict, faults]).toEqual(['whole', []]);
    expect(basename(folder)).toMatch(/^20260304T050607Z-[0-9a-f]{8}$/);
    expect(manifest?.files.map(({ path }) => path)).toEqual(FILES);
    expect(bytesOf(manifest ?? { files: [] })).toBe(FILES.join('').length * 1_000 + 3 * 'content of '.length * 1_000);
    expect(manifest?.files[0]?.sha256).toBe(sha256('content of catalog.db'.repeat(1_000)));
    for (const file of ['', 'memories']) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'manifest.json')).mode & 0o777).toBe(0o600);
    expect(await backups.list()).toEqual([expect.objectContaining({ id: manifest?.id, verdict: 'whole', fault: null, folder })]);
    expect((await backups.find(manifest?.id ?? ''))?.folder).toBe(folder);
  });

  it('holds neither the key nor the salt, and is known by them', async () => {
    const text = readFileSync(join(await made(), 'manifest.json'), 'utf8');
    for (const secret of [SECRETS.salt, SECRETS.encryptionKey.toString('hex'), SECRETS.encryptionKey.toString('base64')]) {
      expect(text).not.toContain(secret);
    }
    const others = fingerprintsOf({ salt: `${SECRETS.salt}0`, encryptionKey: Buffer.alloc(32, 7) });
    expect(new Set([...Object.values(fingerprintsOf(SECRETS)), ...Object.values(others)]).size).toBe(4);
  });

  it('is a draft until it is whole, wherever it is cut off, and its maker takes that away', async () => {
    for (let files = 0; files <= FILES.length; files++) {
      const draft = await begun();
      for (const path of FILES.slice(files)) rmSync(join(draft.folder, path));
      expect(await verify(draft.folder)).toMatchObject({ verdict: 'incomplete', manifest: null });
      expect(await backups.list()).toEqual([]);
      expect(await backups.clean(fingerprintsOf({ ...SECRETS, salt: 'another one' }).salt)).toEqual([]);
      expect(await backups.clean(SALT)).toEqual([basename(draft.folder)]);
      expect(existsSync(draft.folder)).toBe(false);
    }
    await (await begun())[Symbol.asyncDispose]();
    expect(readdirSync(backups.path)).toEqual([]);
  });

  it('that was carried away half is incomplete, at whichever file it was cut', async () => {
    const folder = await made();
    const half = join(directory, 'half');
    for (const missing of ['manifest.json', ...FILES]) {
      cpSync(folder, half, { recursive: true });
      rmSync(join(half, missing));
      expect((await verify(half)).verdict).toBe('incomplete');
      cpSync(folder, half, { recursive: true });
      truncateSync(join(half, missing), 100);
      expect((await verify(half)).verdict).toBe(missing === 'manifest.json' ? 'damaged' : 'incomplete');
      rmSync(half, { recursive: true });
    }
  });

  it('in which one bit is another, anywhere, is damaged, and says where', async () => {
    const folder = await made();
    for (const path of FILES) {
      const whole = readFileSync(join(folder, path));
      for (const at of [0, whole.length >> 1, whole.length - 1]) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ 4;
        writeFileSync(join(folder, path), bytes);
        expect(await verify(folder)).toMatchObject({ verdict: 'damaged', faults: [expect.stringContaining(path)] });
      }
      writeFileSync(join(folder, path), whole);
      appendFileSync(join(folder, path), 'x');
      expect((await verify(folder)).verdict).toBe('damaged');
      rmSync(join(folder, path));
      symlinkSync('/dev/null', join(folder, path));
      expect((await verify(folder)).verdict).toBe('damaged');
      rmSync(join(folder, path));
      writeFileSync(join(folder, path), whole);
    }
    expect((await verify(folder)).verdict).toBe('whole');
    const { files, ...rest } = manifestIn(folder);
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...rest, files: files.slice(1) }));
    expect((await verify(folder)).faults[0]).toMatch(/manifest was changed/);
  });

  it('never leads out of its folder, whoever wrote its manifest', async () => {
    const folder = await made();
    writeFileSync(join(directory, 'outside'), 'x');
    const [, memory] = manifestIn(folder).files;
    for (const path of ['../../outside', '/etc/hostname', 'memories/../../outside', 'memories/..', 'memories/a\\b', 'salt']) {
      forge(folder, { files: [{ ...memory, path, bytes: 1, sha256: sha256('x') }] });
      expect((await verify(folder)).verdict).toBe('damaged');
    }
    for (const changes of [{ files: [memory, memory] }, { files: [{ ...memory, kind: 'toString' }] }, { id: '../x' }, { files: null }]) {
      forge(folder, changes);
      expect((await verify(folder)).verdict).toBe('damaged');
    }
  });

  it('of a newer release is told from a damaged one', async () => {
    const folder = await made();
    forge(folder, { format: 2, files: 'in another way' });
    expect(await verify(folder)).toMatchObject({ verdict: 'newer', faults: [expect.stringMatching(/newer release \(format 2/)] });
  });

  it('is not anything else that lies there', async () => {
    for (const foreign of ['notes', '20260304T050607Z-short', 'x.draft']) mkdirSync(join(backups.path, foreign), { recursive: true });
    writeFileSync(join(backups.path, 'manifest.json'), '{}');
    expect((await verify(join(backups.path, 'notes'))).verdict).toBe('incomplete');
    expect((await verify(join(backups.path, 'nowhere'))).verdict).toBe('incomplete');
    expect((await verify(join(backups.path, 'manifest.json'))).verdict).toBe('incomplete');
    for (const text of ['', '[]', 'null', '{"format":1}', '{"format":"1"}']) {
      writeFileSync(join(backups.path, 'notes', 'manifest.json'), text);
      expect((await verify(join(backups.path, 'notes'))).verdict).toBe('damaged');
    }
    expect(await backups.list()).toEqual([]);
    expect(await backups.clean(SALT)).toEqual([]);
    expect(readdirSync(backups.path)).toHaveLength(4);
    expect(await new BackupDirectory(join(directory, 'nowhere')).list()).toEqual([]);
  });

  it('goes when it is removed; a removal that is cut off leaves a draft', async () => {
    const folder = await made();
    const [backup] = await backups.list();
    rmSync(join(folder, 'manifest.json'));
    const [broken] = await backups.list();
    expect(broken).toMatchObject({ verdict: 'incomplete', name: backup?.name, manifest: null });
    expect((await backups.find(broken?.id ?? ''))?.name).toBe(backup?.name);
    if (broken) await backups.remove(broken);
    expect(readdirSync(backups.path)).toEqual([]);
  });
});
