import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DatabaseHeld, DatabaseMissing, openDuckDb } from '#database';
import { readConfig } from '../../config/read-config.js';
import type { Config } from '../../config/config.js';
import { createApp } from '../../create-app.js';
import { mintToken } from '../minted-token.js';
import { listCatalog } from './listing.js';
import { rebuildReport } from './rebuild-report.js';
import { rebuildCatalog, type Rebuild } from './rebuild.js';

let directory: string;
let config: Config;
let app: NestExpressApplication | null = null;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rebuild-'));
  config = await readConfig({ DATA_DIR: directory, ADMIN_USERS: 'root', LOG_LEVEL: 'silent', PORT: '0', SHUTDOWN_NOTICE_SECONDS: '0' });
});

afterEach(async () => {
  await stop();
  rmSync(directory, { recursive: true });
});

async function start(): Promise<void> {
  app = await createApp(config);
  await app.listen(0, '127.0.0.1');
}

async function stop(): Promise<void> {
  await app?.close();
  app = null;
}

async function call(user: string, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${await app?.getUrl()}/api/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${mintToken(config, { user, ttlSeconds: 60 })}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, ...((await response.json().catch(() => ({}))) as object) };
}

/** Makes somebody's memory, with a converter in it that bears their name. @returns their user id */
async function remember(user: string): Promise<string> {
  expect(await call(user, 'POST', '/converters', { name: `of ${user}`, type: 'rot13' })).toMatchObject({ status: 201 });
  return String((await call(user, 'GET', '/me'))['userId']);
}

async function bind(userId: string, name: string): Promise<void> {
  expect(await call('root', 'POST', `/users/${userId}/aliases`, { issuer: 'shared-secret', name })).toMatchObject({ status: 201 });
}

function lose(): void {
  for (const file of readdirSync(directory)) if (file.startsWith('catalog.db')) rmSync(join(directory, file));
}

const memories = (): string[] => readdirSync(config.memoryDir).filter((file) => file.endsWith('.db'));

const leftOut = ({ memories }: Rebuild): unknown[] => memories.map((memory) => memory.leftOut);

describe('a lost catalog', () => {
  it('is rebuilt: everyone finds their memory, by every name', async () => {
    await start();
    const ada = await remember('ada');
    await bind(ada, 'ada@example.org');
    const ben = await remember('ben');
    await stop();
    lose();
    await expect(start()).rejects.toThrow(DatabaseMissing);

    const rebuild = await rebuildCatalog(config, false);
    expect(rebuild).toMatchObject({ written: true, movedTo: null });
    expect(leftOut(rebuild)).toEqual([null, null]);
    expect(statSync(join(directory, 'catalog.db')).mode & 0o777).toBe(0o600);
    expect(rebuildReport(rebuild).join('\n')).not.toMatch(/left out/i);
    expect(rebuildReport(rebuild).join('\n')).toMatch(new RegExp(`${ada} +ada +pyrit_memory_\\w{16}\\.db +restored`));

    await start();
    expect(await call('Ada@example.org', 'GET', '/me')).toMatchObject({ userId: ada, name: 'ada' });
    expect(await call('ada@example.org', 'GET', '/converters')).toMatchObject({ items: [{ name: 'of ada' }] });
    expect(await call('ben', 'GET', '/me')).toMatchObject({ userId: ben });
    expect(await call('ben', 'GET', '/converters')).toMatchObject({ items: [{ name: 'of ben' }] });
    expect(memories()).toHaveLength(2);
    await stop();
    const listed = await listCatalog(directory);
    expect(listed).toHaveLength(3);
    expect(listed[1]).toMatch(/ada +2 +active +pyrit_memory_/);
  });

  it('knows an alias that was taken away, and one that was bound while the memory was closed', async () => {
    await start();
    const ada = await remember('ada');
    await bind(ada, 'first');
    const { items } = await call('root', 'GET', `/users/${ada}/aliases`);
    const { id: aliasId } = (items as { name: string; id: string }[]).find(({ name }) => name === 'first') ?? {};
    expect(await call('root', 'DELETE', `/users/${ada}/aliases/${aliasId}`)).toMatchObject({ status: 204 });
    await stop();
    await start();
    await bind(ada, 'second');
    await stop();
    lose();
    await rebuildCatalog(config, false);
    await start();
    expect(await call('second', 'GET', '/me')).toMatchObject({ userId: ada });
    expect((await call('first', 'GET', '/me'))['userId']).not.toBe(ada);
  });

  it('leaves out what is damaged, doubled or no memory, says so, and never gives it away', async () => {
    await start();
    await remember('ada');
    const ben = await remember('ben');
    await remember('cleo');
    const fileOf = async (user: string): Promise<string> => ((await call(user, 'GET', '/me'))['store'] as { location: string }).location;
    const [ada, cleo] = [await fileOf('ada'), await fileOf('cleo')];
    await stop();
    lose();
    copyFileSync(ada, join(config.memoryDir, 'copy.db'));
    truncateSync(cleo, 5_000);
    writeFileSync(join(config.memoryDir, 'pyrit_memory_0.db'), 'a text that is longer than the header of a database'.repeat(200));
    writeFileSync(join(config.memoryDir, 'notes.txt'), 'not a database');
    await (await openDuckDb({ directory: config.memoryDir, file: 'other.db' }, { create: true })).close();
    const before = new Map(memories().map((file) => [file, readFileSync(join(config.memoryDir, file))]));

    const rebuild = await rebuildCatalog(config, false);
    const states = Object.fromEntries(rebuild.memories.map((memory) => [join(config.memoryDir, memory.file), memory.leftOut]));
    expect(Object.keys(states)).toHaveLength(6);
    expect(states).toMatchObject({
      [ada]: 'It is one of several of the same user.',
      [join(config.memoryDir, 'copy.db')]: 'It is one of several of the same user.',
      [cleo]: expect.stringContaining("can't be read"),
      [join(config.memoryDir, 'pyrit_memory_0.db')]: expect.stringContaining('not a DuckDB database'),
      [join(config.memoryDir, 'other.db')]: 'It is no memory of this server.',
    });
    for (const [file, bytes] of before) expect(readFileSync(join(config.memoryDir, file)).equals(bytes)).toBe(true);

    await start();
    expect(await call('ben', 'GET', '/me')).toMatchObject({ userId: ben });
    for (const user of ['ada', 'cleo']) expect(await call(user, 'GET', '/converters')).toMatchObject({ status: 503 });
    for (const file of [basename(cleo), 'copy.db', 'other.db']) {
      expect(before.get(file)?.equals(readFileSync(join(config.memoryDir, file)))).toBe(true);
    }
  });
});

describe('a rebuild', () => {
  it('is refused while there is a catalog, unless it is told to move it aside, which it does with its log', async () => {
    await start();
    const ada = await remember('ada');
    await stop();
    await expect(rebuildCatalog(config, false)).rejects.toThrow(/There is a catalog/);
    const former = readFileSync(join(directory, 'catalog.db'));
    // A former log must not be replayed into the new catalog.
    writeFileSync(join(directory, 'catalog.db.wal'), 'not a log');
    const { movedTo } = await rebuildCatalog(config, true);
    expect(readFileSync(movedTo ?? '').equals(former)).toBe(true);
    expect(readFileSync(`${movedTo}.wal`, 'utf8')).toBe('not a log');
    expect(readdirSync(directory).filter((file) => file.startsWith('catalog.db'))).toHaveLength(3);
    await start();
    expect(await call('ada', 'GET', '/me')).toMatchObject({ userId: ada });
  });

  it('changes nothing when there is nothing to restore', async () => {
    await expect(rebuildCatalog(config, false)).rejects.toThrow(/There is no memory directory/);
    await start();
    await stop();
    lose();
    await expect(rebuildCatalog(config, false)).rejects.toThrow(/There is no memory in/);
    writeFileSync(join(config.memoryDir, 'pyrit_memory_0.db'), '');
    const rebuild = await rebuildCatalog(config, false);
    expect(rebuild.written).toBe(false);
    expect(rebuildReport(rebuild).at(-1)).toMatch(/None of the 1 files/);
    expect(existsSync(join(directory, 'catalog.db'))).toBe(false);
    expect(readdirSync(directory).filter((file) => file.startsWith('catalog'))).toEqual([]);
  });

  it('is refused while a process has one of the memories open, or the catalog', async () => {
    await start();
    await remember('ada');
    await stop();
    const [memory = ''] = memories();
    for (const [file, force] of [
      [join(config.memoryDir, memory), true],
      [join(directory, 'catalog.db'), true],
    ] as const) {
      const holder = await hold(file);
      await expect(rebuildCatalog(config, force)).rejects.toThrow(DatabaseHeld);
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    expect(readdirSync(directory).filter((file) => file.startsWith('catalog.db'))).toEqual(['catalog.db']);
  });
});

/** Another process with the database open. */
async function hold(file: string): Promise<ChildProcess> {
  const script = `import { DuckDBInstance } from '@duckdb/node-api';
    globalThis.held = await DuckDBInstance.create(${JSON.stringify(file)});
    process.stdout.write('held');
    setInterval(() => undefined, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
  await once(child.stdout, 'data');
  return child;
}
