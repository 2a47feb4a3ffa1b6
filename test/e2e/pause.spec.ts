import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import { answering, expectSum, expectWhole, IN_FLIGHT, prepare, prompts, settled, slowly } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const MINUTE = 60_000;
const PRICE = { input: 100_000, output: 200_000 };

let server: ServerProcess;
let client: Client;

beforeAll(async () => {
  // Also where nothing is kept of an orchestrator.
  server = await ServerProcess.start({ env: { ORCHESTRATOR_POOL_SIZE: '0' } });
  client = server.client('ada');
}, MINUTE);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const step = (id: string, what: 'pause' | 'resume', body: object = {}): Promise<ExecutionDto> =>
  client.post(`/api/v2/executions/${id}/${what}`, body);

/** Waits until what was on the wire has come back. */
async function quiet(id: string): Promise<ExecutionDto> {
  let last = -1;
  return client.until(id, (execution) => {
    const still = settled(execution) === last;
    last = settled(execution);
    return still;
  });
}

describe('An execution that is paused', () => {
  it(
    'sends nothing more, stays so over a restart, and goes on when it is told to: every prompt is sent once',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const sent = prompts(800);
      const { id } = await client.execute(await prepare(client, target), { prompts: sent });
      await client.until(id, (execution) => settled(execution) > 200);
      expect(await step(id, 'pause')).toMatchObject({ state: 'paused', reason: 'It was paused by its user.', finishedAt: null });
      const paused = await quiet(id);
      expectSum(paused.coverage, 800);
      expect(paused.coverage.open).toBeGreaterThan(0);
      const before = target.requests;
      expect(paused.coverage.scored).toBe(before);
      expect(await step(id, 'pause')).toMatchObject({ state: 'paused' });
      for await (const { data } of client.events(id)) expect(data).toMatchObject({ state: 'paused' });

      await server.restart();
      expect(await client.execution(id)).toMatchObject({ state: 'paused', coverage: paused.coverage });
      expect(target.requests).toBe(before);

      expect(['queued', 'running']).toContain((await step(id, 'resume')).state);
      expect(await client.ended(id)).toMatchObject({ state: 'completed', reason: null, coverage: { scored: 800 } });
      expectWhole(await client.results(id), sent);
      expect(target.requests).toBe(800);
      for (const what of ['pause', 'resume'] as const) {
        const refused = await client.ask('POST', `/api/v2/executions/${id}/${what}`, { body: {} });
        expectProblem(refused, 409, 'conflict');
        expect(refused.problem?.detail).toContain('already completed');
      }
    },
    2 * MINUTE,
  );

  it(
    'may be paused and resumed faster than its requests come back, and cancelled while it is paused',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const sent = prompts(400);
      const { id } = await client.execute(await prepare(client, target, 'nervous'), { prompts: sent });
      for (let times = 0; times < 10; times++) {
        await step(id, 'pause');
        await step(id, 'resume');
      }
      await client.until(id, (execution) => settled(execution) > 100);
      await step(id, 'pause');
      expect((await client.ask('POST', `/api/v2/executions/${id}/cancel`)).status).toBe(202);
      const { state, coverage } = await client.ended(id);
      expect(state).toBe('cancelled');
      expectSum(coverage, 400);
      expect(coverage).toMatchObject({ open: 0, unknown: 0, errored: 0 });
      expect(target.requests).toBeLessThanOrEqual(coverage.scored + IN_FLIGHT + 1);
      expect([...target.countByContent.values()].every((count) => count === 1)).toBe(true);
    },
    2 * MINUTE,
  );
});

describe('An execution that has failed', () => {
  it('goes on when what it failed for is mended', async () => {
    await using target = await OpenAiTarget.start(answering);
    const generatorId = await client.generator('sealed', target.baseUrl, { apiKey: 'sk-Kestrel-1' });
    const { id } = await client.execute(await client.orchestrator('sealed', { generatorId }), { prompts: prompts(2_000) });
    await client.until(id, (execution) => settled(execution) > 10);
    // With another key what was sealed does not open: the server can't make the client any more.
    await server.restart({ ENCRYPTION_KEY: randomBytes(32).toString('base64') });
    const failed = await client.ended(id);
    expect(failed.state).toBe('failed');
    expectSum(failed.coverage, 2_000);
    await server.restart({});
    expect((await client.execution(id)).state).toBe('failed');
    await step(id, 'resume');
    expect(await client.ended(id)).toMatchObject({ state: 'completed', reason: null, coverage: { answered: 2_000 } });
    expect(target.countByContent.size).toBe(2_000);
  }, 60_000);
});

describe('The spending of an execution', () => {
  const priced = async (target: OpenAiTarget, name: string): Promise<string> => {
    const generatorId = await client.generator(name, target.baseUrl, { maxInFlight: IN_FLIGHT, price: PRICE });
    return client.orchestrator(name, { generatorId });
  };

  it('is shown, and at maxRequests it is paused without one request too many, also after a crash', async () => {
    await using target = await OpenAiTarget.start(slowly);
    const { id } = await client.execute(await priced(target, 'requests'), { prompts: prompts(200), maxRequests: 120 });
    await client.until(id, (execution) => settled(execution) > 30);
    await server.kill();
    await server.boot();
    const paused = await client.until(id, ({ state }) => state === 'paused');
    expect(paused.reason).toContain('no more than 120 requests (maxRequests)');
    expect(target.requests).toBeLessThanOrEqual(120);
    expect(paused.spending).toMatchObject({ maxRequests: 120, maxTokens: null, maxCost: null });
    // Those that were in flight when the server died may have been sent, and are counted.
    expect(paused.spending.requests).toBeGreaterThanOrEqual(target.requests);
    expect(paused.spending.requests).toBeLessThanOrEqual(120);
    await step(id, 'resume', { maxRequests: null });
    const { state, spending } = await client.ended(id);
    expect(state).toBe('completed');
    expect(spending).toMatchObject({ tokens: 12 * 200, maxRequests: null });
    expect(spending.requests).toBeGreaterThanOrEqual(target.requests);
    // The target says 7 and 5 tokens.
    expect(spending.cost).toBeCloseTo(200 * (7 * 0.1 + 5 * 0.2));
    expect((await client.get<{ items: ExecutionDto[] }>('/api/v2/executions')).items.find((each) => each.id === id)?.spending).toEqual(
      spending,
    );
  }, 60_000);

  it.each([
    ['maxTokens', { maxTokens: 600 }, { maxTokens: 1_200 }],
    ['maxCost', { maxCost: 85 }, { maxCost: 170 }],
  ])(
    'at %s it is paused, and goes on under a higher one',
    async (name, first, second) => {
      await using target = await OpenAiTarget.start(slowly);
      const { id } = await client.execute(await priced(target, name), { prompts: prompts(200), ...first });
      const paused = await client.until(id, ({ state }) => state === 'paused');
      expect(paused.reason).toContain(name);
      await quiet(id);
      expect(target.requests).toBeGreaterThanOrEqual(50);
      expect(target.requests).toBeLessThanOrEqual(50 + IN_FLIGHT);
      await step(id, 'resume', second);
      expect((await client.until(id, ({ state }) => state === 'paused')).reason).toContain(name);
      await quiet(id);
      expect(target.requests).toBeGreaterThanOrEqual(100);
      expect(target.requests).toBeLessThanOrEqual(100 + IN_FLIGHT);
      await client.ask('POST', `/api/v2/executions/${id}/cancel`);
      await client.ended(id);
    },
    60_000,
  );

  it('can not be limited in money where nobody said a price, and is guessed beforehand where somebody did', async () => {
    await using target = await OpenAiTarget.start();
    const generatorId = await client.generator('free', target.baseUrl);
    const free = await client.orchestrator('free', { generatorId });
    const refused = await client.ask('POST', `/api/v2/orchestrators/${free}/executions`, { body: { prompts: ['x'], maxCost: 1 } });
    expectProblem(refused, 400);
    expect(refused.problem?.errors).toMatchObject([{ pointer: '/maxCost', detail: expect.stringContaining("'free'") }]);
    const preview = (id: string) =>
      client.post<{ cost: unknown }>(`/api/v2/orchestrators/${id}/executions/preview`, { prompts: ['x'.repeat(400), 'y'.repeat(400)] });
    expect((await preview(free)).cost).toBeNull();
    expect((await preview(await priced(target, 'guessed'))).cost).toEqual({ input: 20, outputAtMost: null });
  });
});

describe('What a running execution uses', () => {
  it('can not be deleted until it has ended, and may be edited without changing it', async () => {
    await using target = await OpenAiTarget.start(slowly);
    const sent = prompts(300);
    const datasetId = await client.dataset('in use', sent);
    const generatorId = await client.generator('in use', target.baseUrl, { maxInFlight: IN_FLIGHT });
    const orchestratorId = await client.orchestrator('in use', { generatorId });
    const { id, planHash } = await client.execute(orchestratorId, { datasetId });
    const routes = [`orchestrators/${orchestratorId}`, `datasets/${datasetId}`];
    for (const route of routes) {
      const refused = await client.ask('DELETE', `/api/v2/${route}`);
      expectProblem(refused, 409, 'conflict');
      expect(refused.problem?.detail).toContain(id);
    }
    // Not referred to by anything but the execution's plan any more.
    const other = await client.generator('another', target.baseUrl);
    await client.patch(`/api/v2/orchestrators/${orchestratorId}`, { parameters: { generatorId: other } });
    const refused = await client.ask('DELETE', `/api/v2/generators/${generatorId}`);
    expectProblem(refused, 409, 'conflict');
    expect(refused.problem?.detail).toContain(id);
    await client.patch(`/api/v2/generators/${generatorId}`, { parameters: { baseUrl: 'http://127.0.0.1:9/v1', model: 'gone' } });
    expect(await client.ended(id)).toMatchObject({ state: 'completed', planHash, coverage: { answered: 300 } });
    expect(target.requests).toBe(300);
    for (const route of [...routes, `generators/${generatorId}`]) await client.delete(`/api/v2/${route}`);
    expect(await client.results(id)).toHaveLength(300);
  }, 60_000);
});
