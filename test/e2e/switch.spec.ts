import { copyFile, lstat, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from '#core';
import type { Client } from '../server/client.js';
import { ServerProcess, ServerRefused } from '../server/server-process.js';

let server: ServerProcess;
let victim: Client;
let neighbour: Client;
/** Where the memories of the two are. */
let files: { readonly victim: string; readonly neighbour: string };

async function locationOf(client: Client): Promise<string> {
  const { store } = await client.get<{ store: { location: string } }>('/api/v2/me');
  return store.location;
}

async function converterNames(client: Client): Promise<string[]> {
  return (await client.all<{ name: string }>('/api/v2/converters')).map(({ name }) => name);
}

/** Every file below a directory, with a hash of what is in it. */
async function fingerprint(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(paths.sort().map(async (path) => [path, sha256(await readFile(path))] as const)));
}

beforeAll(async () => {
  server = await ServerProcess.start();
  victim = server.client('victim');
  neighbour = server.client('neighbour');
  await victim.create('converters', 'of the victim', 'base64');
  await neighbour.create('converters', 'of the neighbour', 'rot13');
  files = { victim: await locationOf(victim), neighbour: await locationOf(neighbour) };
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('A second server on the same directory', () => {
  it('does not start, names the process that holds it, and leaves that one unharmed', async () => {
    const env = { DB_CONNECTION_TIMEOUT: '1', DB_MAX_RETRIES: '1' };
    const refusal = await ServerProcess.start({ dataDir: server.dataDir, env }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ServerRefused);
    expect(refusal).toMatchObject({ exitCode: 1, message: expect.stringContaining(`held by the process ${server.pid}`) });
    expect((refusal as ServerRefused).message).toMatch(/^The server does not start: .*Stop that process/m);

    await victim.create('converters', 'written afterwards', 'hex');
    expect(await converterNames(victim)).toEqual(['written afterwards', 'of the victim']);
    await server.restart();
    expect(await converterNames(victim)).toEqual(['written afterwards', 'of the victim']);
    expect(await converterNames(neighbour)).toEqual(['of the neighbour']);
  }, 60_000);

  it('starts as soon as the first has ended', async () => {
    const { dataDir } = server;
    const second = ServerProcess.start({ dataDir });
    await server.stop();
    const successor = await second;
    expect(await converterNames(successor.client('victim'))).toContain('of the victim');
    await successor.stop();
    await server.boot();
  }, 60_000);
});

describe('A memory file that is not the one it should be', () => {
  /** Where the right file is kept meanwhile. */
  let aside: string;

  beforeAll(async () => {
    await server.stop();
    aside = join(server.dataDir, '..', 'aside.db');
  });

  beforeEach(async () => {
    await rename(files.victim, aside);
  });

  afterEach(async () => {
    if (server.running) await server.stop();
    await rm(files.victim, { force: true });
    await rename(aside, files.victim);
  });

  afterAll(async () => {
    await server.boot();
    expect(await converterNames(victim)).toContain('of the victim');
  });

  /** Starts the server on what lies there, and asserts that nobody but the victim sees a difference, and no file changes. */
  async function expectRefused(type: string, sentence: RegExp): Promise<void> {
    const before = await fingerprint(server.memoryDir);
    await server.boot();
    for (const attempt of [
      victim.ask('GET', '/api/v2/converters'),
      victim.ask('POST', '/api/v2/converters', { body: { name: 'lost', type: 'base64' } }),
      victim.ask('GET', '/api/v2/executions'),
    ]) {
      const answer = await attempt;
      expect(answer.problem).toMatchObject({ status: 503, type, detail: expect.stringMatching(sentence) });
    }
    const me = await victim.get<{ store: { fault: string | null } }>('/api/v2/me');
    expect(me.store.fault).toMatch(sentence);
    expect(await converterNames(neighbour)).toEqual(['of the neighbour']);
    await server.stop();
    const after = await fingerprint(server.memoryDir);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(after[files.victim]).toBe(before[files.victim]);
  }

  it("is refused when it is another person's", async () => {
    await copyFile(files.neighbour, files.victim);
    await expectRefused('/problems/store-switched', /is not the one that the catalog names/);
  }, 60_000);

  it("is refused when it is a link to another person's, also while that one is open", async () => {
    await symlink(files.neighbour, files.victim);
    await expectRefused('/problems/store-switched', /is not the one that the catalog names/);
  }, 60_000);

  it('is refused when it is missing, and no empty one is made', async () => {
    await expectRefused('/problems/unavailable', /is missing/);
    expect((await readdir(server.memoryDir)).filter((file) => file.endsWith('.db'))).toHaveLength(1);
  }, 60_000);

  it('is refused when it is an empty file', async () => {
    await writeFile(files.victim, '', { mode: 0o600 });
    await expectRefused('/problems/unavailable', /can't be read/);
  }, 60_000);

  it('is refused when it is no database', async () => {
    await writeFile(files.victim, 'not a database '.repeat(10_000), { mode: 0o600 });
    await expectRefused('/problems/unavailable', /can't be read \(it is not a DuckDB database\)/);
  }, 60_000);

  it('is refused when it is a database without an owner', async () => {
    // The catalog is one: a good file of ours that is no memory.
    await copyFile(join(server.dataDir, 'catalog.db'), files.victim);
    await expectRefused('/problems/store-switched', /has no owner/);
  }, 60_000);

  it('is refused when it was cut off', async () => {
    await writeFile(files.victim, (await readFile(aside)).subarray(0, 8_192), { mode: 0o600 });
    await expectRefused('/problems/unavailable', /can't be read/);
  }, 60_000);
});

describe('A lost catalog', () => {
  it('is not replaced by an empty one', async () => {
    await server.stop();
    const catalog = join(server.dataDir, 'catalog.db');
    await rename(catalog, `${catalog}.aside`);
    await expect(server.boot()).rejects.toThrow(/catalog\.db is missing/);
    expect((await readdir(server.dataDir)).includes('catalog.db')).toBe(false);
    await rename(`${catalog}.aside`, catalog);
    await server.boot();
    expect(await converterNames(victim)).toContain('of the victim');
  }, 60_000);
});

describe('The data directory', () => {
  it('can be read by its owner alone, whatever is in it', async () => {
    await neighbour.upload('prompts', 'prompts.txt', 'Hello.\n');
    const entries = await readdir(server.dataDir, { recursive: true, withFileTypes: true });
    const modes = await Promise.all(
      [server.dataDir, ...entries.map((entry) => join(entry.parentPath, entry.name))].map(async (path) => {
        const { mode } = await lstat(path);
        return `${path} ${(mode & 0o777).toString(8)} ${mode & 0o040000 ? 'folder' : 'file'}`;
      }),
    );
    expect(modes.length).toBeGreaterThan(8);
    expect(modes.filter((line) => !/ (700 folder|600 file)$/.test(line))).toEqual([]);
  });
});
