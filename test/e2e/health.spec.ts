import { copyFile, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HealthReport } from '../../src/health/health-report.js';
import { answering, IN_FLIGHT, prompts } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { Disk } from '../server/disk.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const MINUTE = 60_000;
const POLL_MS = 20;

type Store = Readonly<Record<string, unknown>> & { readonly location: string; readonly switches: readonly { readonly kind: string }[] };
type Part = Readonly<Record<string, unknown>> & { readonly store?: Store; readonly active?: readonly Readonly<Record<string, unknown>>[] };

interface Told {
  readonly status: number;
  readonly health: string;
  readonly reasons: string;
  readonly part: (name: string) => Part;
}

async function ask(client: Client, path: string): Promise<Told> {
  const { status, json, text } = await client.ask('GET', path);
  const report = json as HealthReport | null;
  if (!report?.details) throw new Error(`GET ${path} answered ${status}: ${text}`);
  const { details, health, reasons } = report;
  return { status, health, reasons: reasons.join(' '), part: (name) => details[name] as unknown as Part };
}

/** Asks until it is as wanted. */
async function until(client: Client, path: string, wanted: (told: Told) => boolean): Promise<Told> {
  for (const deadline = Date.now() + 15_000; ;) {
    const told = await ask(client, path);
    if (wanted(told)) return told;
    if (Date.now() > deadline) throw new Error(`GET ${path} still says ${told.status} ${told.health}: ${told.reasons}`);
    await sleep(POLL_MS);
  }
}

const isHealthy = ({ health }: Told): boolean => health === 'healthy';

describe('A disk', () => {
  it(
    'that fills is a warning, then the end of being ready; when there is space again, nothing has happened',
    async () => {
      await using disk = await Disk.make(60);
      const env = { DISK_WARNING_MB: String(disk.leftWith(0)), DISK_LEAST_MB: String(disk.leftWith(40)) };
      await using server = await ServerProcess.start({ dataDir: join(disk.directory, 'data'), env });
      const client = server.client('ada');
      const nobody = server.clientWith({});
      await client.create('generators', 'one', 'echo');
      expect(await ask(nobody, '/health/ready')).toMatchObject({ status: 200, health: 'healthy' });
      await disk.fill(25);
      const warned = await ask(nobody, '/health/ready');
      expect(warned).toMatchObject({ status: 200, health: 'warning', reasons: expect.stringContaining('DISK_WARNING_MB') });
      expect(warned.part('memory-directory')).toMatchObject({ status: 'degraded', freeBytes: expect.any(Number) });
      expect(await ask(client, '/health/database')).toMatchObject({ status: 200, health: 'warning' });
      await disk.fill(60);
      const full = await ask(nobody, '/health/ready');
      expect(full).toMatchObject({ status: 503, health: 'unhealthy', reasons: expect.stringContaining('DISK_LEAST_MB') });
      for (const part of ['catalog', 'memory-directory']) expect(full.part(part)).toMatchObject({ status: 'down', health: 'unhealthy' });
      expect(await ask(client, '/health')).toMatchObject({ status: 503, health: 'unhealthy' });
      expect(await ask(client, '/health/database')).toMatchObject({ status: 503, health: 'unhealthy' });
      await disk.empty();
      for (const path of ['/health/ready', '/health/database', '/health']) {
        expect(await ask(client, path)).toMatchObject({ status: 200, health: 'healthy', reasons: '' });
      }
      expect(server.log.filter((line) => line.includes('is not ready'))).toHaveLength(1);
      expect(server.log.filter((line) => line.includes('is ready again'))).toHaveLength(1);
    },
    MINUTE,
  );

  it(
    'that becomes read-only is the end of being ready, until it can be written again',
    async () => {
      await using disk = await Disk.make(0);
      await using server = await ServerProcess.start({
        env: { VIOLENTUTF_MEMORY_DIR: disk.directory, DISK_WARNING_MB: '1', DISK_LEAST_MB: '1' },
      });
      const nobody = server.clientWith({});
      expect(await ask(nobody, '/health/ready')).toMatchObject({ status: 200 });
      await disk.forbid();
      const refused = await ask(nobody, '/health/ready');
      expect(refused).toMatchObject({ status: 503, reasons: expect.stringMatching(/the memory directory can not be written \(E\w+\)/) });
      expect(refused.part('catalog')).toMatchObject({ status: 'up' });
      await disk.allow();
      expect(await ask(nobody, '/health/ready')).toMatchObject({ status: 200, health: 'healthy' });
    },
    MINUTE,
  );
});

describe('A memory', () => {
  let server: ServerProcess;
  let ada: Client;
  let bob: Client;
  let root: Client;
  let path: string;
  let kept: string;

  beforeAll(async () => {
    // One open memory at most: it is closed as soon as the other one is asked for.
    const env = { ADMIN_USERS: 'root', DB_MAX_OPEN: '1', DB_CONNECTION_TIMEOUT: '1', DB_MAX_RETRIES: '0', MEMORY_CHECK_SECONDS: '0.2' };
    server = await ServerProcess.start({ env });
    [ada, bob, root] = [server.client('ada'), server.client('bob'), server.client('root')];
    for (const person of [ada, bob]) await person.dataset('some', prompts(500));
    path = (await ask(ada, '/health/database')).part('database').store?.location ?? '';
    kept = join(await mkdtemp(join(tmpdir(), 'violentutf-health-')), 'kept');
  }, MINUTE);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(join(kept, '..'), { recursive: true, force: true });
  });

  /** Has the memory of Ada closed, and keeps a copy of it. */
  async function close(): Promise<void> {
    await bob.get('/api/v2/datasets');
    await until(root, '/health/database', (told) => told.part('stores')['open'] === 1);
    await copyFile(path, kept);
  }

  /** At once, as whoever restores a file should do it: what is only half there must not be opened. */
  async function putBack(): Promise<void> {
    await copyFile(kept, `${path}.restored`);
    await rename(`${path}.restored`, path);
  }

  async function expectUnwell(reason: RegExp, owner: string): Promise<Told> {
    const told = await ask(ada, '/health/database');
    expect(told).toMatchObject({ status: 503, health: 'unhealthy', reasons: expect.stringMatching(reason) });
    expect(told.part('database')).toMatchObject({ status: 'down', store: { owner, location: path } });
    expect(await ask(ada, '/health')).toMatchObject({ status: 503, health: 'unhealthy' });
    // It is this person's alone: others and the server are well, and administrators see whose it is.
    expect(await ask(bob, '/health')).toMatchObject({ status: 200, health: 'healthy' });
    expect(await ask(server.clientWith({}), '/health/ready')).toMatchObject({ status: 200 });
    const all = await ask(root, '/health/database');
    expect(all).toMatchObject({ status: 503, health: 'unhealthy' });
    expect(all.part('stores')).toMatchObject({
      total: 2,
      byState: { active: 2 },
      byHealth: { healthy: 1, warning: 0, unhealthy: 1 },
      unwell: [{ health: 'unhealthy', state: 'active', file: path.split('/').at(-1), reasons: [expect.stringMatching(reason)] }],
      unwellUnnamed: 0,
    });
    return told;
  }

  async function expectWell(): Promise<void> {
    // What lay beside it meanwhile is gone for the detector at its next look.
    expect(await until(ada, '/health', isHealthy)).toMatchObject({ status: 200, reasons: '' });
    const all = await until(root, '/health/database', isHealthy);
    expect(all).toMatchObject({ status: 200, health: 'healthy' });
    expect(all.part('stores')).toMatchObject({ total: 2, byHealth: { healthy: 2, warning: 0, unhealthy: 0 }, unwell: [] });
  }

  it('that is well is told of as it is: where, how large, when it was written and folded in, by whom it is held, and that it is the right one', async () => {
    const before = Date.now();
    await ada.create('generators', 'one', 'echo');
    const { store } = (await ask(ada, '/health/database')).part('database');
    expect(store).toMatchObject({
      backend: 'duckdb',
      state: 'active',
      exists: true,
      writable: true,
      open: true,
      handles: 0,
      owner: 'match',
      switches: [],
      sizeBytes: (await stat(path)).size,
      walBytes: (await stat(`${path}.wal`)).size,
    });
    const at = (name: string): number => Date.parse(store?.[name] as string);
    expect(at('lastWriteAt')).toBeGreaterThanOrEqual(before);
    expect(at('lastCheckpointAt')).toBeLessThanOrEqual(at('lastWriteAt'));
    expect(at('openedAt')).toBeLessThanOrEqual(at('lastWriteAt'));
    expect(await ask(server.client('new'), '/health/database')).toMatchObject({ status: 200, health: 'healthy' });
    expect((await ask(server.client('new'), '/health/database')).part('database').store).toBeNull();
    await expectWell();
  });

  it('that another process holds can not be had, until it lets go', async () => {
    await close();
    const holder = await DuckDBInstance.create(path);
    try {
      await expectUnwell(new RegExp(`held by the process ${process.pid}\\b`), 'unknown');
    } finally {
      holder.closeSync();
    }
    // Nobody has to come back for it.
    await until(root, '/health/database', isHealthy);
    await expectWell();
  });

  it('that is damaged can not be had, until its file is restored', async () => {
    await close();
    const file = await open(path, 'r+');
    // A byte of each block, behind the three headers.
    for (let at = 3 * 4_096 + 100; at < (await stat(path)).size; at += 16_384) await file.write(Buffer.from([0xa5]), 0, 1, at);
    await file.close();
    await expectUnwell(/can't be read/, 'unknown');
    await putBack();
    await expectWell();
  });

  it('that is gone is a switch, until its file is back', async () => {
    await close();
    await rename(path, `${path}.away`);
    const { part } = await expectUnwell(/is missing/, 'unknown');
    expect(part('database').store?.switches).toMatchObject([{ kind: 'missing' }]);
    expect(part('database').store).toMatchObject({ exists: false, sizeBytes: null });
    await rename(`${path}.away`, path);
    await expectWell();
  });

  it("that is another person's is a switch, until its own file is back", async () => {
    const other = (await ask(bob, '/health/database')).part('database').store?.location ?? '';
    await close();
    await copyFile(other, path);
    const { part } = await expectUnwell(/belongs to|is not the one/, 'mismatch');
    expect(part('database').store?.switches).toMatchObject([{ kind: 'foreign' }]);
    await putBack();
    await expectWell();
  });
});

describe('Executions', () => {
  let server: ServerProcess;
  let target: OpenAiTarget;
  let ada: Client;
  let root: Client;

  beforeAll(async () => {
    const env = {
      ADMIN_USERS: 'root',
      ORCHESTRATOR_POOL_SIZE: '1',
      EXECUTION_STALLED_MINUTES: '0.01',
      BREAKER_WARNING_SECONDS: '0.3',
      LOG_LEVEL: 'warn',
    };
    server = await ServerProcess.start({ env });
    target = await OpenAiTarget.start(answering);
    [ada, root] = [server.client('ada'), server.client('root')];
  }, MINUTE);

  afterAll(async () => {
    await target[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  async function start(name: string, count: number): Promise<string> {
    const generatorId = await ada.generator(name, target.baseUrl, { maxInFlight: IN_FLIGHT });
    const orchestrator = await ada.orchestrator(name, { generatorId, maxRetries: 2 });
    return (await ada.execute(orchestrator, { prompts: prompts(count) })).id;
  }

  it(
    'that fill the pool are a warning as long as they do; those of which nothing is heard are unwell, until they go on or end',
    async () => {
      target.behave = { hang: true };
      const id = await start('hanging', 5);
      const full = await until(ada, '/health/orchestrators', ({ health }) => health === 'warning');
      expect(full).toMatchObject({ status: 200, reasons: expect.stringContaining('ORCHESTRATOR_POOL_SIZE') });
      expect(full.part('orchestrator-pool')).toMatchObject({ status: 'degraded', inUse: 1, maxInstances: 1 });
      const stalled = await until(ada, '/health/orchestrators', ({ health }) => health === 'unhealthy');
      expect(stalled).toMatchObject({ status: 503, reasons: expect.stringMatching(new RegExp(`${id} has made no progress for 1 s`)) });
      expect(stalled.part('executions')).toMatchObject({ status: 'down', running: 1, active: [{ executionId: id, stalled: true }] });
      expect(await ask(root, '/health')).toMatchObject({ status: 503, reasons: expect.stringContaining(id) });
      // The pool is everybody's; whose execution it is, is not.
      const bob = await ask(server.client('bob'), '/health/orchestrators');
      expect(bob).toMatchObject({ status: 200, health: 'warning', reasons: expect.not.stringContaining(id) });
      expect(bob.part('executions')).toMatchObject({ running: 0, paused: 0, active: [] });
      await ada.post(`/api/v2/executions/${id}/cancel`, {});
      expect(await until(ada, '/health', isHealthy)).toMatchObject({ status: 200, reasons: '' });
    },
    MINUTE,
  );

  it(
    'that wait for an endpoint which is down for long are a warning, not a stall; those that are paused are counted',
    async () => {
      target.behave = { status: 503, raw: 'Down.' };
      const id = await start('waiting', 60);
      const waiting = await until(ada, '/health/orchestrators', ({ reasons }) => reasons.includes('endpoint that is down'));
      expect(waiting).toMatchObject({ status: 200, health: 'warning' });
      expect(waiting.part('executions')).toMatchObject({
        'waiting-for-endpoint': 1,
        running: 0,
        active: [{ executionId: id, stalled: false }],
      });
      await ada.post(`/api/v2/executions/${id}/pause`, {});
      const paused = await until(ada, '/health/orchestrators', isHealthy);
      expect(paused.part('executions')).toMatchObject({ paused: 1, active: [] });
      target.behave = answering;
      await ada.post(`/api/v2/executions/${id}/resume`, {});
      await ada.ended(id);
      expect((await until(ada, '/health/orchestrators', isHealthy)).part('executions')).toMatchObject({ paused: 0, active: [] });
    },
    MINUTE,
  );
});

describe('A server that is told to end', () => {
  /** A connection of its own: one that is kept open says nothing of the listener. */
  const knock = (port: number): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      socket.on('close', () => resolve(text.slice(9, 12)));
    });

  it(
    'says that it is not ready while it still serves everybody, then takes no connections, then ends with 0',
    async () => {
      await using server = await ServerProcess.start({ env: { SHUTDOWN_NOTICE_SECONDS: '0.7' } });
      const client = server.client('ada');
      await client.create('generators', 'one', 'echo');
      const port = Number(new URL(server.url).port);
      expect(await knock(port)).toBe('200');
      const heard: string[] = [];
      const exit = server.stop();
      let served = 0;
      while (server.running) {
        const said = await knock(port);
        if (said !== heard.at(-1)) heard.push(said);
        if (said === '503' && served === 0) {
          await client.create('generators', 'two', 'echo');
          served += 1;
        }
        await sleep(POLL_MS);
      }
      expect(await exit).toBe(0);
      expect(served).toBe(1);
      // The last one may come upon the listener as it goes.
      expect(heard.filter((said) => said !== 'ECONNRESET' && said !== '').slice(0, heard[0] === '200' ? 3 : 2)).toEqual([
        ...(heard[0] === '200' ? ['200'] : []),
        '503',
        'ECONNREFUSED',
      ]);
    },
    MINUTE,
  );
});
