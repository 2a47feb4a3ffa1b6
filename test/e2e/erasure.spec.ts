import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import type { VerificationDto } from '../../src/backup/backup.dto.js';
import type { ErasureDto } from '../../src/erasure/erasure.dto.js';
import type { RescueDto } from '../../src/rescue/rescue.dto.js';
import { backUp, BACKUPS } from '../server/backups.js';
import { filesWith, newCanary } from '../server/canary.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';

const ENV = { ADMIN_USERS: 'root', MEMORY_CHECK_SECONDS: '0.1', BACKUP_EVERY_HOURS: '0' };
const MERGES = '/api/v2/migration/merges';
const MINUTE = 60_000;

interface Me {
  readonly userId: string;
  readonly store: { readonly storeId: string; readonly location: string };
}

/** Somebody who has left a text everywhere where a person can leave one. */
interface Person {
  readonly canary: string;
  readonly client: Client;
  readonly me: Me;
  readonly executionId: string;
  readonly apiKey: string;
}

let server: ServerProcess;
let root: Client;
let elsewhere: string;

beforeAll(async () => {
  server = await ServerProcess.start({ env: ENV });
  root = server.client('root');
  await root.create('converters', 'of root', 'base64');
  elsewhere = await mkdtemp(join(tmpdir(), 'erased-'));
}, MINUTE);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(elsewhere, { recursive: true });
});

const withClaims = (claims: object): Client => server.clientWith({ authorization: `Bearer ${server.token({ ...claims })}` });
const whoIs = (client: Client): Promise<Me> => client.get('/api/v2/me');
const tokenFor = (canary: string): Client =>
  withClaims({ preferred_username: `Name ${canary}`, email: `${canary}@example.org`, sub: `sub-${canary}` });

async function settle(canary = newCanary()): Promise<Person> {
  const client = tokenFor(canary);
  const once = { 'idempotency-key': `key-${canary}` };
  const generatorId = await client.create('generators', `generator ${canary}`, 'echo', { prefix: `answer ${canary} ` });
  await client.create('generators', `sealed ${canary}`, 'openai-compatible', {
    baseUrl: 'http://127.0.0.1:9/v1',
    model: canary,
    apiKey: `sk-${canary}`,
  });
  await client.post('/api/v2/converters', { name: `converter ${canary}`, type: 'base64', parameters: {} }, once);
  const scorerId = await client.create('scorers', `scorer ${canary}`, 'substring', { substring: canary });
  const datasetId = await client.dataset(`dataset ${canary}`, [`prompt one ${canary}`, `prompt two ${canary}`]);
  expect((await client.upload(`upload ${canary}`, `${canary}.txt`, `line ${canary}\nanother ${canary}\n`, 'text/plain')).status).toBe(201);
  const orchestratorId = await client.orchestrator(`orchestrator ${canary}`, { generatorId, scorerIds: [scorerId] });
  const { id: executionId } = await client.execute(orchestratorId, { datasetId, labels: { operation: canary } });
  expect((await client.ended(executionId)).state).toBe('completed');
  const { key: apiKey } = await client.post<{ key: string }>('/api/v2/api-keys', { name: `key ${canary}`, scopes: ['read'] });
  return { canary, client, me: await whoIs(client), executionId, apiKey };
}

const erase = (userId: string) => root.ask('POST', `/api/v2/users/${userId}/erasures`, { body: { confirm: userId } });

async function until<T>(ask: () => Promise<T | null>): Promise<T> {
  for (const deadline = Date.now() + MINUTE; ;) {
    const found = await ask();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`It does not come to be.\n${server.log.slice(-20).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const erased = (id: string): Promise<ErasureDto> =>
  until(async () => {
    const erasure = await root.get<ErasureDto>(`/api/v2/erasures/${id}`);
    return erasure.step === 'done' ? erasure : null;
  });

/** Whether an erasure has come to a step. */
const hasCome = (id: string, step: string): boolean =>
  server.log.some((line) => line.includes(`"erasureId":"${id}"`) && line.includes(`"step":"${step}"`));

/** Gives a person a further name, whose memory is merged into theirs: the old file stays, archived. @returns the user of the name. */
async function mergeInto({ me, canary }: Person): Promise<string> {
  const former = withClaims({ sub: `former-${canary}` });
  await former.create('converters', `former ${canary}`, 'rot13');
  const from = await whoIs(former);
  const plan = await root.post<{ id: string }>(`${MERGES}/plans`, { fromUserId: from.userId, intoUserId: me.userId });
  const ended = (what: string, id: string) =>
    until(async () => ((await root.get<{ state: string }>(`${MERGES}/${what}/${id}`)).state === 'completed' ? true : null));
  await ended('plans', plan.id);
  await ended('runs', (await root.post<{ id: string }>(`${MERGES}/runs`, { planId: plan.id })).id);
  return from.userId;
}

/** Takes the file of a memory away under the running server: it is rescued, and the person refused. */
async function displace({ me, client }: Person): Promise<void> {
  await client.get('/api/v2/memory/stats');
  await rename(me.store.location, `${me.store.location}.away`);
  await until(async () => {
    const { items } = await root.get<{ items: RescueDto[] }>('/api/v2/migration/rescues');
    return items.find(({ place, state }) => place === basename(me.store.location) && state === 'quarantined') ?? null;
  });
}

/** Waits also for what comes after the backup before. */
async function backUpOf(body: object): Promise<void> {
  const made = await until(() =>
    backUp(root, body).catch((error: unknown) => {
      if (String(error).includes('is being made')) return null;
      throw error;
    }),
  );
  expect(made.state).toBe('completed');
}

describe('A person who is erased', () => {
  let ada: Person;
  let ben: Person;
  let formerId: string;
  let erasure: ErasureDto;

  it(
    'is gone from everywhere: no byte and no value of theirs is left, in no backup either, and nobody else notices',
    async () => {
      [ada, ben] = [await settle(), await settle()];
      formerId = await mergeInto(ada);
      const alias = { issuer: 'shared-secret', name: `alias-${ada.canary}` };
      await root.post(`/api/v2/users/${ada.me.userId}/aliases`, alias, { 'idempotency-key': 'bind' });
      const stranger = { issuer: 'shared-secret', name: `stranger-${ada.canary}` };
      await root.post(`/api/v2/users/${ada.me.userId}/strangers`, stranger);
      await backUpOf({});
      for (const { me } of [ada, ben]) await backUpOf({ userId: me.userId });
      const slow = await ada.client.create('generators', `slow ${ada.canary}`, 'echo', { delayMs: 60_000 });
      const running = await ada.client.execute(await ada.client.orchestrator(`slow ${ada.canary}`, { generatorId: slow }), {
        prompts: [`wait ${ada.canary}`],
      });
      await ada.client.until(running.id, ({ state }) => state === 'running');
      await displace(ada);
      expect((await filesWith(server.dataDir, ada.canary)).length).toBeGreaterThan(6);

      let asked = 0;
      const answers: number[] = [];
      const isOver = new AbortController();
      const neighbour = (async () => {
        for (; !isOver.signal.aborted; asked++) {
          answers.push((await ben.client.ask('GET', '/api/v2/converters')).status);
          answers.push(
            (await ben.client.ask('POST', '/api/v2/converters', { body: { name: `meanwhile ${asked}`, type: 'rot13' } })).status,
          );
        }
      })();
      const begun = await erase(ada.me.userId);
      expect(begun.status).toBe(202);
      erasure = await erased((begun.json as ErasureDto).id);
      isOver.abort();
      await neighbour;
      expect(new Set(answers)).toEqual(new Set([200, 201]));
      expect(erasure).toMatchObject({
        userId: ada.me.userId,
        userIds: [ada.me.userId, formerId],
        report: { rescued: 1, foreign: [], former: [] },
      });

      // The file that was taken away under the server was a switch until then.
      expect(server.log.filter((line) => line.includes('a switch is over') && line.includes(ada.me.store.storeId))).toHaveLength(1);
      expect(await filesWith(server.dataDir, ada.canary)).toEqual([]);
      await server.stop();
      expect(await filesWith(server.dataDir, ada.canary)).toEqual([]);
      // His own file, two backups with it, and the catalogs.
      expect((await filesWith(server.dataDir, ben.canary)).length).toBeGreaterThanOrEqual(5);
      await server.boot();
      expect(await ben.client.results(ben.executionId)).toHaveLength(2);
      expect(server.log.filter((line) => line.includes(ada.canary))).toEqual([]);
    },
    2 * MINUTE,
  );

  it('is an id that nothing is known of', async () => {
    const users = await root.all<{ id: string; issuer: string; name: string }>('/api/v2/users');
    for (const id of [ada.me.userId, formerId]) expect(users).toContainEqual(expect.objectContaining({ id, issuer: 'erased', name: id }));
    expectProblem(await root.ask('GET', `/api/v2/users/${ada.me.userId}/aliases`), 404, 'not-found');
    const body = { issuer: 'shared-secret', name: 'another' };
    expectProblem(await root.ask('POST', `/api/v2/users/${ada.me.userId}/aliases`, { body }), 404, 'not-found');
    expectProblem(await root.ask('POST', `/api/v2/users/${ada.me.userId}/strangers`, { body }), 404, 'not-found');
    expectProblem(await erase(ada.me.userId), 404, 'not-found');
    expect((await server.clientWith({ 'x-api-key': ada.apiKey }).ask('GET', '/api/v2/me')).status).toBe(401);
    expect((await server.clientWith({ 'x-api-key': ben.apiKey }).ask('GET', '/api/v2/me')).status).toBe(200);
    expect(await root.all('/api/v2/erasures')).toEqual([erasure]);
    expect(await root.get<ErasureDto>(`/api/v2/erasures/${erasure.id}`)).toEqual(erasure);
  });

  it(
    'is not brought back by a backup, nor by a catalog that is rebuilt',
    async () => {
      const { items } = await root.get<{ items: { id: string; folder: string; userId: string | null }[] }>(BACKUPS);
      expect(items).toHaveLength(2);
      for (const { id } of items) expect((await root.post<VerificationDto>(`${BACKUPS}/${id}/verify`, {})).verdict).toBe('whole');
      const whole = items.find(({ userId }) => userId === null);
      await server.run('backup', 'keys', '--to', join(elsewhere, 'keys'));
      const from = join(server.dataDir, 'backups', whole?.folder ?? '');
      const restored = join(elsewhere, 'data');
      const restore = await server.run('restore', '--from', from, '--to', restored, '--keys', join(elsewhere, 'keys'));
      expect(restore).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await filesWith(restored, ada.canary)).toEqual([]);
      expect((await filesWith(restored, ben.canary)).length).toBe(2);

      await server.stop();
      for (const file of ['catalog.db', 'catalog.db.wal']) await rm(join(server.dataDir, file), { force: true });
      expect((await server.run('catalog', 'rebuild')).exitCode).toBe(0);
      await server.boot();
      const ids = (await root.all<{ id: string }>('/api/v2/users')).map(({ id }) => id);
      expect(ids).toContain(ben.me.userId);
      expect(ids).not.toContain(ada.me.userId);
    },
    MINUTE,
  );

  it('may come again, and is somebody new in the same place', async () => {
    const again = await settle(ada.canary);
    expect(again.me.userId).not.toBe(ada.me.userId);
    expect(again.me.store.location).toBe(ada.me.store.location);
    expect(await again.client.all('/api/v2/executions')).toHaveLength(1);
    expect(await ben.client.results(ben.executionId)).toHaveLength(2);
  });
});

describe('An erasure', () => {
  /** Each is looked through for what is left. */
  afterEach(async () => {
    for (const { id } of await root.all<{ id: string }>(BACKUPS)) await until(() => root.delete(`${BACKUPS}/${id}`).then(() => true));
  });

  it(
    'is begun by another administrator, who says twice of whom',
    async () => {
      const cleo = await settle();
      const ask = (client: Client, userId: string, body: object) => client.ask('POST', `/api/v2/users/${userId}/erasures`, { body });
      expectProblem(await ask(cleo.client, cleo.me.userId, { confirm: cleo.me.userId }), 403, 'missing-role');
      expectProblem(await ask(root, cleo.me.userId, {}), 400, 'invalid-input');
      expectProblem(await ask(root, cleo.me.userId, { confirm: (await whoIs(root)).userId }), 400, 'invalid-input');
      expectProblem(await ask(root, (await whoIs(root)).userId, { confirm: (await whoIs(root)).userId }), 409, 'conflict');
      const nobody = '01890000-0000-7000-8000-000000000000';
      expectProblem(await ask(root, nobody, { confirm: nobody }), 404, 'not-found');
      expectProblem(await root.ask('GET', `/api/v2/erasures/${nobody}`), 404, 'not-found');
      expect(await cleo.client.results(cleo.executionId)).toHaveLength(2);
      const formerId = await mergeInto(cleo);
      const slow = await cleo.client.create('generators', 'slow', 'echo', { delayMs: 60_000 });
      const orchestratorId = await cleo.client.orchestrator('slow', { generatorId: slow });
      const running = await cleo.client.execute(orchestratorId, { prompts: ['one', 'two'] });
      await cleo.client.until(running.id, ({ state }) => state === 'running');
      const told = cleo.client.events(running.id);
      await told.next();
      const refused = await erase(formerId);
      expectProblem(refused, 409, 'conflict');
      expect(refused.problem?.detail).toContain(cleo.me.userId);
      // What runs is cut off, and who watches it is told.
      const begun = (await erase(cleo.me.userId)).json as ErasureDto;
      expect(((await erase(cleo.me.userId)).json as ErasureDto).id).toBe(begun.id);
      for await (const _event of told);
      await erased(begun.id);
      expect(server.log.filter((line) => line.includes(running.id) && line.includes('execution failed'))).toEqual([]);
    },
    MINUTE,
  );

  it(
    'leaves what somebody has put in the place of the memory, if it is another person’s, and tells of copies that somebody has made',
    async () => {
      const [dan, eve] = [await settle(), await settle()];
      await server.stop();
      const copy = join(server.memoryDir, 'copy.db');
      await rename(dan.me.store.location, copy);
      await rename(eve.me.store.location, dan.me.store.location);
      await server.boot();
      const isTold = (kind: string) => () =>
        Promise.resolve(server.log.some((line) => line.includes(`"${kind}"`) && line.includes('"copy.db"')) ? true : null);
      await until(isTold('second-file'));
      const { id } = (await erase(dan.me.userId)).json as ErasureDto;
      expect((await erased(id)).report).toMatchObject({ foreign: [basename(dan.me.store.location)], copies: ['copy.db'] });
      await until(isTold('stray-file'));
      await server.stop();
      await rm(copy);
      await rename(dan.me.store.location, eve.me.store.location);
      await server.boot();
      expect(await eve.client.results(eve.executionId)).toHaveLength(2);
      expect(await filesWith(server.dataDir, dan.canary)).toEqual([]);
    },
    MINUTE,
  );

  it(
    'waits for a file that another process holds, and says so',
    async () => {
      const { me, canary } = await settle();
      await server.stop();
      const holder = await DuckDBInstance.create(me.store.location);
      await server.boot();
      const { id } = (await erase(me.userId)).json as ErasureDto;
      const failure = await until(async () => (await root.get<ErasureDto>(`/api/v2/erasures/${id}`)).failure);
      expect(failure).toMatch(/is held by/);
      holder.closeSync();
      expect(await erased(id)).toMatchObject({ failure: null });
      expect(await filesWith(server.dataDir, canary)).toEqual([]);
    },
    MINUTE,
  );

  it(
    'that was cut off by SIGKILL in any of its steps is gone on with',
    async () => {
      for (const step of ['files', 'backups', 'catalog', 'compact']) {
        const person = await settle();
        await backUpOf({});
        const { id } = (await erase(person.me.userId)).json as ErasureDto;
        // In the midst of the step, or when it has just ended.
        if (step !== 'files') await until(async () => (hasCome(id, step) ? true : null));
        await server.kill();
        await server.boot();
        await erased(id);
        expect(await filesWith(server.dataDir, person.canary)).toEqual([]);
        expect((await readdir(server.memoryDir)).filter((file) => file.startsWith(basename(person.me.store.location)))).toEqual([]);
        for (const backup of await root.all<{ id: string }>(BACKUPS)) await root.delete(`${BACKUPS}/${backup.id}`);
      }
    },
    2 * MINUTE,
  );
});
