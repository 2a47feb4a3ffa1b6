import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { OrchestratorPoolDto } from '../../src/orchestrator-pool/orchestrator-pool.dto.js';
import { answering, expectWhole, prepare, prompts, settled, slowly } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const MINUTE = 60_000;
const POOL = '/api/v2/orchestrator-pool';

let server: ServerProcess;
let target: OpenAiTarget;
let keys: string;

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'violentutf-keys-'));
  server = await ServerProcess.start({ env: { ADMIN_USERS: 'root', GENERATOR_SECRET_DIR: keys, LOG_LEVEL: 'debug' } });
  target = await OpenAiTarget.start(answering);
}, MINUTE);

afterAll(async () => {
  await target[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(keys, { recursive: true });
});

/** Runs a few prompts to their end. An execution takes two leases: one when it is planned, and one when it runs. */
async function run(client: Client, orchestratorId: string, sent = prompts(3)): Promise<void> {
  const { id } = await client.execute(orchestratorId, { prompts: sent });
  await client.ended(id);
  expectWhole(await client.results(id), sent);
}

/** The figures once nothing is in use: an execution gives back what it had just after it has ended. */
async function idleStats(client: Client): Promise<OrchestratorPoolDto> {
  for (let tries = 0; tries < 100; tries++) {
    const stats = await client.get<OrchestratorPoolDto>(POOL);
    if (stats.inUse === 0) return stats;
    await delay(50);
  }
  throw new Error('Compiled orchestrators stay in use.');
}

const counts = async (client: Client): Promise<readonly number[]> => {
  const { hits, misses, evictions, expirations, totalInstances } = await idleStats(client);
  return [hits, misses, evictions, expirations, totalInstances];
};

const edit = (client: Client, noun: string, id: string, parameters: object): Promise<unknown> =>
  client.patch(`/api/v2/${noun}/${id}`, { parameters });

describe('An orchestrator', () => {
  it('is compiled once for all its executions and previews', async () => {
    const client = server.client('ada');
    expect(await client.get(POOL)).toEqual({
      scope: 'own',
      totalInstances: 0,
      maxInstances: 20,
      inUse: 0,
      ttlMinutes: 30,
      oldestAgeMinutes: null,
      hits: 0,
      misses: 0,
      evictions: 0,
      expirations: 0,
      disposalErrors: 0,
    });
    const orchestratorId = await prepare(client, target);
    for (let times = 0; times < 3; times++) await run(client, orchestratorId);
    await Promise.all([1, 2].map(() => run(client, orchestratorId)));
    expect(await counts(client)).toEqual([9, 1, 0, 0, 1]);
    await client.post(`/api/v2/orchestrators/${orchestratorId}/executions/preview`, { prompts: prompts(1), seed: 'other', repeats: 5 });
    expect(await counts(client)).toEqual([10, 1, 0, 0, 1]);
    expect((await idleStats(client)).oldestAgeMinutes).toBeGreaterThan(0);
  });

  it('is compiled anew when it, or what it refers to, was edited', async () => {
    const client = server.client('ben');
    const generatorId = await client.generator('target', target.baseUrl);
    const scorerIds = [
      await client.create('scorers', 'said it', 'substring', { substring: 'never said' }),
      await client.create('scorers', 'refused', 'refusal'),
    ];
    const orchestratorId = await client.orchestrator('campaign', { generatorId });
    const last = async (): Promise<readonly string[]> => {
      const { id } = await client.execute(orchestratorId, { prompts: prompts(1) });
      await client.ended(id);
      return ((await client.results(id))[0]?.scores ?? []).map(({ scorer, value }) => `${scorer}: ${value}`).sort();
    };
    expect(await last()).toEqual([]);
    await edit(client, 'orchestrators', orchestratorId, { generatorId, scorerIds });
    expect(await last()).toEqual(['refused: false', 'said it: false']);
    await edit(client, 'scorers', scorerIds[0] ?? '', { substring: 'You said' });
    expect(await last()).toEqual(['refused: false', 'said it: true']);
    await edit(client, 'generators', generatorId, { baseUrl: target.baseUrl, model: 'another' });
    expect(await last()).toEqual(['refused: false', 'said it: true']);
    expect(target.last?.body).toMatchObject({ model: 'another' });
    expect(await counts(client)).toEqual([4, 4, 3, 0, 1]);
  });

  it(
    'stays as it was for an execution that was planned before it was edited',
    async () => {
      await using first = await OpenAiTarget.start(slowly);
      const client = server.client('cleo');
      const orchestratorId = await prepare(client, first);
      const { id } = await client.execute(orchestratorId, { prompts: prompts(300) });
      await client.until(id, (execution) => settled(execution) > 50);
      await client.post<ExecutionDto>(`/api/v2/executions/${id}/pause`, {});
      await idleStats(client);
      const { items } = await client.get<{ items: { id: string }[] }>('/api/v2/generators');
      await edit(client, 'generators', items[0]?.id ?? '', { baseUrl: target.baseUrl, model: 'target' });
      await run(client, orchestratorId);
      await client.post<ExecutionDto>(`/api/v2/executions/${id}/resume`, {});
      expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { scored: 300 } });
      expectWhole(await client.results(id), prompts(300));
      expect(first.requests).toBe(300);
    },
    2 * MINUTE,
  );

  it('is compiled anew when a secret was replaced where the operator keeps it', async () => {
    const client = server.client('dora');
    const authorizations: unknown[] = [];
    await using minding = await OpenAiTarget.start((request) => {
      authorizations.push(request.headers.authorization);
      return answering(request);
    });
    await writeFile(join(keys, 'model.key'), 'first-key\n');
    const generatorId = await client.generator('target', minding.baseUrl, { apiKey: { file: 'model.key' } });
    const orchestratorId = await client.orchestrator('campaign', { generatorId });
    const send = async (): Promise<void> => {
      await client.ended((await client.execute(orchestratorId, { prompts: ['Hello.'] })).id);
    };
    await send();
    await writeFile(join(keys, 'model.key'), 'second-key\n');
    await send();
    expect(authorizations).toEqual(['Bearer first-key', 'Bearer second-key']);
    expect(await counts(client)).toEqual([2, 2, 1, 0, 1]);
    await rm(join(keys, 'model.key'));
    const refused = await client.ask('POST', `/api/v2/orchestrators/${orchestratorId}/executions`, { body: { prompts: ['Hello.'] } });
    expectProblem(refused);
    expect(refused.problem?.detail).toContain('model.key');
  });
});

describe('What is kept of an orchestrator', () => {
  it('is dropped when its owner says so; then there is nothing to drop any more, and it is compiled anew', async () => {
    const client = server.client('emil');
    const orchestratorId = await prepare(client, target);
    await run(client, orchestratorId);
    await idleStats(client);
    await client.delete(`${POOL}/${orchestratorId}`);
    expect(await counts(client)).toEqual([1, 1, 0, 0, 0]);
    expectProblem(await client.ask('DELETE', `${POOL}/${orchestratorId}`), 404, 'not-found');
    expectProblem(await client.ask('DELETE', `${POOL}/not-an-id`), 404, 'not-found');
    await run(client, orchestratorId);
    expect(await counts(client)).toEqual([2, 2, 0, 0, 1]);
  });

  it('is dropped without disturbing an execution that uses it', async () => {
    await using slow = await OpenAiTarget.start(slowly);
    const client = server.client('fritz');
    const orchestratorId = await prepare(client, slow);
    const { id } = await client.execute(orchestratorId, { prompts: prompts(300) });
    await client.until(id, (execution) => settled(execution) > 20);
    expect(await client.get(POOL)).toMatchObject({ totalInstances: 1, inUse: 1 });
    await client.delete(`${POOL}/${orchestratorId}`);
    expectProblem(await client.ask('DELETE', `${POOL}/${orchestratorId}`), 404, 'not-found');
    expect(await client.get(POOL)).toMatchObject({ totalInstances: 1, inUse: 1 });
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { scored: 300 } });
    expect(await idleStats(client)).toMatchObject({ totalInstances: 0 });
  });

  it('is dropped when its owner revokes an API key, and nobody else’s is', async () => {
    const [client, other] = [server.client('gerd'), server.client('hans')];
    for (const person of [client, other]) await run(person, await prepare(person, target));
    const { id } = await client.post<{ id: string }>('/api/v2/api-keys', { name: 'nightly', scopes: ['execute'] });
    expect((await idleStats(client)).totalInstances).toBe(1);
    await client.delete(`/api/v2/api-keys/${id}`);
    expect((await idleStats(client)).totalInstances).toBe(0);
    expect((await idleStats(other)).totalInstances).toBe(1);
  });

  it('is its owner’s: others neither see nor drop it, and an administrator sees only how many there are', async () => {
    const [owner, other, root] = [server.client('ida'), server.client('jan'), server.client('root')];
    const orchestratorId = await prepare(owner, target);
    const before = await idleStats(root);
    expect(before.scope).toBe('all');
    await run(owner, orchestratorId);
    await idleStats(owner);
    expect(await other.get(POOL)).toMatchObject({ scope: 'own', totalInstances: 0, hits: 0, misses: 0, oldestAgeMinutes: null });
    for (const person of [other, root]) expectProblem(await person.ask('DELETE', `${POOL}/${orchestratorId}`), 404, 'not-found');
    const answer = await root.ask('GET', POOL);
    expect(answer.json).toMatchObject({
      scope: 'all',
      hits: before.hits + 1,
      misses: before.misses + 1,
      totalInstances: before.totalInstances + 1,
    });
    expect(answer.text).not.toContain(orchestratorId);
    expect(await counts(owner)).toEqual([1, 1, 0, 0, 1]);
  });

  it('is told to the log by ids, and by nothing else', async () => {
    const client = server.client('nora');
    const { userId } = await client.get<{ userId: string }>('/api/v2/me');
    const generatorId = await client.generator('target', target.baseUrl, { apiKey: 'first-key' });
    const orchestratorId = await client.orchestrator('campaign', { generatorId });
    for (const model of ['target', 'another']) {
      await edit(client, 'generators', generatorId, { baseUrl: target.baseUrl, model });
      await client.ended((await client.execute(orchestratorId, { prompts: ['Hello.'] })).id);
      await idleStats(client);
    }
    await client.delete(`${POOL}/${orchestratorId}`);
    const said = (): string[] => server.log.filter((line) => line.includes('compiled orchestrator') && line.includes(userId));
    // What the server writes is read a little later.
    for (let tries = 0; tries < 100 && said().length < 6; tries++) await delay(20);
    const lines = said().map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const levels = { created: 30, reused: 20, evicted: 30, ended: 30 };
    expect(lines.map(({ level, msg }) => ({ level, msg }))).toEqual(
      (['created', 'reused', 'evicted', 'created', 'reused', 'ended'] as const).map((kind) => ({
        level: levels[kind],
        msg: `compiled orchestrator ${kind}`,
      })),
    );
    const usual = new Set(['level', 'time', 'pid', 'hostname', 'context', 'requestId', 'msg']);
    for (const line of lines) {
      const told = Object.fromEntries(Object.entries(line).filter(([name]) => !usual.has(name)));
      expect(told).toEqual({ userId, orchestratorId, instanceId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    }
    expect(server.log.filter((line) => line.includes('first-key'))).toEqual([]);
  });
});

describe('The operator', () => {
  it('says how many are kept', async () => {
    await server.restart({ ORCHESTRATOR_POOL_SIZE: '1' });
    const client = server.client('kai');
    const generatorId = await client.generator('target', target.baseUrl);
    const [one, two] = [await client.orchestrator('one', { generatorId }), await client.orchestrator('two', { generatorId })];
    for (const orchestratorId of [one, two, two, one]) {
      await client.ended((await client.execute(orchestratorId, { prompts: ['Hello.'] })).id);
      await idleStats(client);
    }
    expect(await counts(client)).toEqual([5, 3, 2, 0, 1]);
  });

  it('says how long they are kept', async () => {
    const ttlMinutes = 0.02;
    await server.restart({ ORCHESTRATOR_TTL_MINUTES: String(ttlMinutes) });
    const client = server.client('mia');
    const orchestratorId = await prepare(client, target);
    await run(client, orchestratorId);
    const { expirations, misses } = await idleStats(client);
    await delay(ttlMinutes * MINUTE + 100);
    await run(client, orchestratorId);
    const after = await idleStats(client);
    expect(after.expirations).toBeGreaterThan(expirations);
    expect(after.misses).toBeGreaterThan(misses);
    expect(after).toMatchObject({ totalInstances: 1, ttlMinutes });
  });
});
