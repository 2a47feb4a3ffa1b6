import { copyFile, link, mkdir, readdir, readFile, readlink, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AlertDto } from '../../src/alerts/alert.dto.js';
import type { RescueDto } from '../../src/rescue/rescue.dto.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';
import { WebhookReceiver, type DeliveredBody } from '../targets/webhook-receiver.js';

const MINUTE = 60_000;
const CHECK_MS = 50;

let receiver: WebhookReceiver;
let server: ServerProcess;
let env: Readonly<Record<string, string>>;
let root: Client;
/** Somebody whose memory nobody touches. */
let bystander: Client;
let people = 0;

interface Person {
  readonly client: Client;
  readonly storeId: string;
  readonly file: string;
}

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  // One memory is open at a time: whoever is not asked for is closed.
  env = { ...receiver.env, ADMIN_USERS: 'root', MEMORY_CHECK_SECONDS: String(CHECK_MS / 1000), DB_MAX_OPEN: '1' };
  server = await ServerProcess.start({ env });
  root = server.client('root');
  bystander = server.client('bystander');
  await bystander.create('converters', 'of the bystander', 'rot13');
  await mkdir(join(server.dataDir, 'aside'));
}, MINUTE);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

afterEach(() => {
  expect(receiver.forged).toBe(0);
});

/** Somebody new, who has something in their memory. */
async function person(prompts = 10): Promise<Person> {
  const name = `person-${(people += 1)}`;
  const client = server.client(name);
  await client.create('converters', `of ${name}`, 'rot13');
  await client.dataset(
    'prompts',
    Array.from({ length: prompts }, (_, index) => `Prompt ${index} ${'of many words '.repeat(20)}`),
  );
  const { store } = await client.get<{ store: { storeId: string; location: string } }>('/api/v2/me');
  return { client, storeId: store.storeId, file: store.location };
}

/** Somebody new whose memory is closed: one is open at a time, and the bystander asks. */
async function someoneAtRest(prompts?: number): Promise<Person> {
  const one = await person(prompts);
  for (let times = 0; times < 2; times = (await isOpen(one.file)) ? 0 : times + 1) await bystander.get('/api/v2/converters');
  return one;
}

/** Asked of the system (Linux). */
async function isOpen(path: string): Promise<boolean> {
  const folder = `/proc/${server.pid}/fd`;
  const links = (await readdir(folder)).map((descriptor) => readlink(join(folder, descriptor)).catch(() => ''));
  return (await Promise.all(links)).includes(path);
}

async function ask({ client }: Person): Promise<number> {
  return (await client.ask('GET', '/api/v2/converters')).status;
}

const aside = (path: string): string => join(server.dataDir, 'aside', basename(path));

/** Runs `fn` while the bystander reads and writes, and asserts that no request of theirs failed. */
async function whileOthersWork(fn: () => Promise<void>): Promise<void> {
  const enough = new AbortController();
  let requests = 0;
  const working = (async () => {
    for (; !enough.signal.aborted; requests += 1) {
      expect((await bystander.ask('GET', '/api/v2/converters')).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  try {
    await fn();
  } finally {
    enough.abort();
    await working;
  }
  expect(requests).toBeGreaterThan(3);
}

const about = (kind: string, file: string, state: 'firing' | 'resolved') => (body: DeliveredBody) =>
  body.type === `alert.${state}` && JSON.stringify(body.data['details']) === JSON.stringify({ kind, file: basename(file) });

/** A switch is told of while it lasts, and once, although it is looked at many times. */
async function told(kind: string, file: string): Promise<DeliveredBody> {
  const [body] = await receiver.until(about(kind, file, 'firing'));
  if (!body) throw new Error('It was not sent.');
  expect(body.data).toMatchObject({
    type: 'memory-switch',
    severity: 'critical',
    state: 'firing',
    summary: expect.stringMatching(/^[A-Z].*\.$/),
  });
  return body;
}

async function over(kind: string, file: string): Promise<void> {
  await receiver.until(about(kind, file, 'resolved'));
  for (const state of ['firing', 'resolved'] as const)
    expect(receiver.deliveries.filter(({ body }) => about(kind, file, state)(body))).toHaveLength(1);
}

async function firing(): Promise<AlertDto[]> {
  return root.all<AlertDto>('/api/v2/alerts?state=firing');
}

async function someLooks(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10 * CHECK_MS));
}

async function expectRefused(...persons: readonly Person[]): Promise<void> {
  for (const one of persons) expect(await ask(one)).toBe(503);
}

describe('The file of a memory that is closed', () => {
  it(
    'is missed when it is deleted',
    async () => {
      const victim = await someoneAtRest();
      await whileOthersWork(async () => {
        await rename(victim.file, aside(victim.file));
        const { data } = await told('missing', victim.file);
        expect(data['storeId']).toBe(victim.storeId);
        await expectRefused(victim);
        await someLooks();
        expect((await firing()).map(({ storeId, times }) => [storeId, times])).toEqual([[victim.storeId, 1]]);
        await rename(aside(victim.file), victim.file);
        await over('missing', victim.file);
        expect(await ask(victim)).toBe(200);
      });
    },
    MINUTE,
  );

  it(
    "is recognised when two people's were swapped, before either of them comes back",
    async () => {
      const [one, other] = [await someoneAtRest(), await someoneAtRest()];
      await whileOthersWork(async () => {
        await rename(one.file, aside(one.file));
        await rename(other.file, one.file);
        await rename(aside(one.file), other.file);
        await told('foreign', one.file);
        await told('foreign', other.file);
        await expectRefused(one, other);
        await someLooks();
        await rename(one.file, aside(one.file));
        await rename(other.file, one.file);
        await rename(aside(one.file), other.file);
        await over('foreign', one.file);
        await over('foreign', other.file);
        expect([await ask(one), await ask(other)]).toEqual([200, 200]);
      });
    },
    MINUTE,
  );

  it(
    "is recognised when another person's was copied over it, or something that is no memory",
    async () => {
      const [victim, other] = [await someoneAtRest(), await someoneAtRest()];
      await copyFile(victim.file, aside(victim.file));
      await whileOthersWork(async () => {
        await copyFile(other.file, victim.file);
        await told('foreign', victim.file);
        await expectRefused(victim);
        await writeFile(victim.file, 'not a database '.repeat(100_000));
        await told('overwritten', victim.file);
        await expectRefused(victim);
        await copyFile(aside(victim.file), victim.file);
        await over('overwritten', victim.file);
        await over('foreign', victim.file);
        expect([await ask(victim), await ask(other)]).toEqual([200, 200]);
      });
    },
    MINUTE,
  );

  it(
    'is missed a part of when it was cut off, also where it can still be opened',
    async () => {
      const victim = await someoneAtRest(3_000);
      await copyFile(victim.file, aside(victim.file));
      const whole = (await readFile(victim.file)).length;
      await whileOthersWork(async () => {
        await truncate(victim.file, whole - 65_536);
        await told('shrunk', victim.file);
        await expectRefused(victim);
        await someLooks();
        await copyFile(aside(victim.file), victim.file);
        await over('shrunk', victim.file);
        expect(await ask(victim)).toBe(200);
      });
    },
    MINUTE,
  );
});

describe('A file that is nobody’s memory', () => {
  it(
    'is told of, and left as it is',
    async () => {
      const stray = join(server.memoryDir, 'orchestrator_memory_1234.db');
      const catalog = await readFile(join(server.dataDir, 'catalog.db'));
      const files = {
        [stray]: catalog,
        [join(server.memoryDir, 'notes')]: Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4_096)]),
      };
      await writeFile(join(server.memoryDir, 'readme.txt'), 'nothing');
      await whileOthersWork(async () => {
        for (const [path, content] of Object.entries(files)) {
          await writeFile(path, content);
          await told('stray-file', path);
        }
        await someLooks();
        for (const [path, content] of Object.entries(files)) {
          expect((await readFile(path)).equals(content)).toBe(true);
          await rm(path);
          await over('stray-file', path);
        }
      });
      expect(receiver.deliveries.filter(({ text }) => text.includes('readme'))).toEqual([]);
    },
    MINUTE,
  );

  it(
    'is told whose it says it is when it is a second one of somebody',
    async () => {
      const victim = await someoneAtRest();
      const second = join(server.memoryDir, 'a copy.db');
      await whileOthersWork(async () => {
        await copyFile(victim.file, second);
        const { data } = await told('second-file', second);
        expect(data['storeId']).toBe(victim.storeId);
        expect(await ask(victim)).toBe(200);
        await rm(second);
        await over('second-file', second);
        // To read one that is another name of a memory would give up the engine's lock on it.
        const name = join(server.memoryDir, 'another name');
        await link(victim.file, name);
        expect((await told('second-file', name)).data['storeId']).toBe(victim.storeId);
        expect(await ask(victim)).toBe(200);
        await rm(name);
        await over('second-file', name);
      });
    },
    MINUTE,
  );
});

describe('An operator', () => {
  it(
    'sees each alert, acknowledges it, and tests the webhook',
    async () => {
      const newestOf = async () => (await root.all<AlertDto>('/api/v2/alerts', 2))[0];
      // The receiver has the message before it is entered that it has.
      let newest = await newestOf();
      while (newest?.delivery.state === 'pending') newest = await newestOf();
      const id = newest?.id ?? '';
      expect(newest).toMatchObject({
        type: 'memory-switch',
        state: 'resolved',
        acknowledgedAt: null,
        delivery: { state: 'sent', attempts: 1 },
      });
      const { userId } = await root.get<{ userId: string }>('/api/v2/me');
      const acknowledged = await root.post<AlertDto>(`/api/v2/alerts/${id}/acknowledge`, undefined);
      expect(acknowledged).toMatchObject({ id, acknowledgedBy: userId, acknowledgedAt: expect.any(String) });
      expect(await root.get(`/api/v2/alerts/${id}`)).toEqual(acknowledged);
      expect(await root.all('/api/v2/alerts?acknowledged=true')).toEqual([acknowledged]);
      expectProblem(await root.ask('GET', '/api/v2/alerts?state=nonsense'), 400, 'invalid-input');
      expectProblem(await root.ask('GET', `/api/v2/alerts/${userId}`), 404, 'not-found');
      expect(await root.post('/api/v2/alerts/test', undefined)).toEqual({ taken: true, status: 204, said: 'The receiver answered 204.' });
      expect(receiver.deliveries.at(-1)?.body.data).toMatchObject({ type: 'test', severity: 'info' });
    },
    MINUTE,
  );
});

describe('The salt', () => {
  it(
    'is missed when it is changed under the running server',
    async () => {
      const salt = join(server.dataDir, 'salt');
      const content = await readFile(salt);
      await whileOthersWork(async () => {
        await writeFile(salt, 'another');
        await told('salt', salt);
        await someLooks();
        await writeFile(salt, content);
        await over('salt', salt);
      });
    },
    MINUTE,
  );
});

describe('The files of memories that are open', () => {
  it(
    "are recognised when two people's are swapped, brought to safety, and resolved when they are put back",
    async () => {
      await server.restart({ ...env, DB_MAX_OPEN: '50' });
      const [one, other, third] = [await person(), await person(), await person()];
      await whileOthersWork(async () => {
        for (const file of [one.file, other.file]) await rename(file, aside(file));
        await rename(aside(one.file), other.file);
        await rename(aside(other.file), one.file);
        for (const { file } of [one, other])
          await receiver.until((body) => ['replaced', 'deleted'].some((kind) => about(kind, file, 'firing')(body)));
        await expectRefused(one, other);
        await someLooks();
        for (const { file } of [one, other]) {
          const about = receiver.deliveries.filter(({ body }) => (body.data['details'] as { file: string }).file === basename(file));
          expect(about.map(({ body }) => body.type)).toEqual(['alert.firing']);
        }
      });
      // A server that starts again knows that they are not back, and what was changed while none ran.
      await server.stop();
      await rename(third.file, aside(third.file));
      await copyFile(one.file, third.file);
      await server.boot();
      await told('foreign', third.file);
      await rm(third.file);
      await rename(aside(third.file), third.file);
      await over('foreign', third.file);
      await someLooks();
      expect(new Set((await firing()).map(({ storeId }) => storeId))).toEqual(new Set([one.storeId, other.storeId]));
      for (const { file } of [one, other]) await rm(file);
      const { items } = await root.get<{ items: RescueDto[] }>('/api/v2/migration/rescues');
      for (const { id } of items) await root.post(`/api/v2/migration/rescues/${id}/put-back`, undefined);
      for (const { file } of [one, other])
        await receiver.until((body) => ['replaced', 'deleted'].some((kind) => about(kind, file, 'resolved')(body)));
      expect([await ask(one), await ask(other)]).toEqual([200, 200]);
      expect(await firing()).toEqual([]);
    },
    MINUTE,
  );
});
