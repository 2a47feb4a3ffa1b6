import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { MemoryScoreDto, MemoryStatsDto, MessageDto } from '../../src/memory/memory.dto.js';
import { answering, expectSum, expectWhole, IN_FLIGHT, memoryFiles, prepare, prompts, slowly, type Told } from '../server/campaign.js';
import type { Answer } from '../server/client.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const MINUTES = 60_000;

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

// One failure is one failure.
beforeEach(async () => {
  if (!server.running) await server.boot({});
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe.each([
  ['as usual', {}],
  ['where nothing is kept of an orchestrator', { ORCHESTRATOR_POOL_SIZE: '0' }],
])('A campaign of 1,500 distinct prompts, %s', (_where, env) => {
  it(
    'sends each once, and gives every answer back',
    async () => {
      await using server = await ServerProcess.start({ env });
      await using target = await OpenAiTarget.start(answering);
      const client = server.client('whole');
      const orchestratorId = await prepare(client, target);
      const sent = prompts(1_500);
      const execution = await client.execute(orchestratorId, { datasetId: await client.dataset('seeds', sent), labels: { run: 'whole' } });
      expectSum(execution.coverage, 1_500);
      const ended = await client.ended(execution.id, ({ coverage }) => expectSum(coverage, 1_500));
      expect(ended).toMatchObject({
        state: 'completed',
        reason: null,
        coverage: { scored: 1_500, open: 0, unknown: 0 },
        labels: { run: 'whole' },
      });

      expect(target.requests).toBe(1_500);
      expect(target.countByContent.size).toBe(1_500);
      expect(target.maxInFlight).toBeLessThanOrEqual(IN_FLIGHT);
      expect(new Set(target.countByContent.keys())).toEqual(new Set(sent));

      const results = await client.results(execution.id);
      expectWhole(results, sent);
      expect(new Set(results.map((result) => result.id)).size).toBe(1_500);
      expect(results.every(({ attempts, inputTokens, outputTokens }) => attempts === 1 && inputTokens === 7 && outputTokens === 5)).toBe(
        true,
      );

      const exported = await client.ask('GET', `/api/v2/executions/${execution.id}/export?format=jsonl`);
      expect(exported.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      const lines = exported.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as ResultDto);
      expect(lines).toEqual(results);

      const messages = await client.all<MessageDto>(`/api/v2/memory/messages?executionId=${execution.id}`);
      expect(
        messages
          .filter((message) => message.role === 'user')
          .map((message) => message.originalValue)
          .sort(),
      ).toEqual([...sent].sort());
      expect(messages.filter((message) => message.role === 'assistant')).toHaveLength(1_500);
      expect(messages.every((message) => message.labels['run'] === 'whole')).toBe(true);
      const scores = await client.all<MemoryScoreDto>(`/api/v2/memory/scores?executionId=${execution.id}`);
      expect(scores).toHaveLength(3_000);
      expect(new Set(scores.map(({ messageId, scorer }) => `${messageId} ${scorer}`)).size).toBe(3_000);
      expect(await client.get<MemoryStatsDto>('/api/v2/memory/stats')).toEqual({
        conversations: 1_500,
        messages: 3_000,
        scores: 3_000,
        prompts: 1_500,
        executions: 1,
      });
      expect(await memoryFiles(server)).toHaveLength(1);
    },
    MINUTES,
  );
});

describe('Progress', () => {
  it(
    'is told as it happens, from where a client was cut off, until the end',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const client = server.client('watcher');
      const { id } = await client.execute(await prepare(client, target), { prompts: prompts(1_000) });

      let lastEventId = '';
      let seen = 0;
      for await (const event of client.events(id)) {
        const { coverage } = event.data as Told;
        expect(event.type).toBe('progress');
        expectSum(coverage, 1_000);
        lastEventId = event.id;
        seen = coverage.planned - coverage.open;
        if (seen > 100) break;
      }
      expect(seen).toBeGreaterThan(100);
      const rest: { readonly id: string; readonly told: Told }[] = [];
      for await (const event of client.events(id, lastEventId)) rest.push({ id: event.id, told: event.data as Told });
      expect(rest.map((event) => event.id)).not.toContain(lastEventId);
      const counts = [seen, ...rest.map(({ told }) => told.coverage.planned - told.coverage.open)];
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(rest.at(-1)?.told).toMatchObject({ state: 'completed', coverage: { scored: 1_000, open: 0 } });

      const again: unknown[] = [];
      for await (const event of client.events(id)) again.push(event.data);
      expect(again).toEqual([expect.objectContaining({ state: 'completed' })]);
      for await (const event of client.events(id, rest.at(-1)?.id)) again.push(event);
      expect(again).toHaveLength(1);
    },
    MINUTES,
  );

  it(
    'is told to the end to a client that asks as soon as the execution is accepted',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const client = server.client('hasty');
      const { id } = await client.execute(await prepare(client, target), { prompts: prompts(50) });
      const told: Told[] = [];
      for await (const event of client.events(id)) told.push(event.data as Told);
      expect(told.at(-1)).toMatchObject({ state: 'completed', coverage: { scored: 50 } });
    },
    MINUTES,
  );
});

describe('An execution that is asked for twice under one Idempotency-Key', () => {
  it(
    'runs once, also when the server was restarted in between',
    async () => {
      await using target = await OpenAiTarget.start(answering);
      const client = server.client('repeating');
      const path = `/api/v2/orchestrators/${await prepare(client, target)}/executions`;
      const ask = (): Promise<Answer> =>
        client.ask('POST', path, { body: { prompts: prompts(20) }, headers: { 'idempotency-key': 'nightly' } });
      const answers = [await ask(), await ask()];
      await server.restart();
      answers.push(await ask());
      const ids = answers.map(({ status, json }) => [status, (json as ExecutionDto).id]);
      expect(ids).toEqual([ids[0], ids[0], ids[0]]);
      expect(ids[0]?.[0]).toBe(202);
      await client.ended(String(ids[0]?.[1]));
      expect(target.requests).toBe(20);
    },
    MINUTES,
  );
});

describe('Four people at once, where two memories may be open', () => {
  it(
    'each get their own answers, all of them, and nothing of the others',
    async () => {
      await server.restart({ DB_MAX_OPEN: '2' });
      await using target = await OpenAiTarget.start(slowly);
      const run = async (name: string): Promise<void> => {
        const client = server.client(name);
        const sent = prompts(100).map((prompt) => `${name}: ${prompt}`);
        const { id } = await client.execute(await prepare(client, target), { datasetId: await client.dataset('seeds', sent) });
        await client.ended(id, ({ coverage }) => expectSum(coverage, 100));
        expectWhole(await client.results(id), sent);
        const messages = await client.all<MessageDto>('/api/v2/memory/messages');
        expect(messages.filter((message) => message.convertedValue.includes(`${name}: `))).toHaveLength(200);
        expect(messages).toHaveLength(200);
      };
      await Promise.all(['anna', 'berta', 'cilla', 'dora'].map(run));
      expect(target.requests).toBe(400);
      expect(Math.max(...target.countByContent.values())).toBe(1);
      await server.restart({});
    },
    2 * MINUTES,
  );
});

describe('A campaign of 10,000 distinct prompts', () => {
  it(
    'sends each once, and gives every answer back',
    async () => {
      await using target = await OpenAiTarget.start(answering);
      const client = server.client('large');
      const sent = prompts(10_000);
      const orchestratorId = await prepare(client, target);
      const { id } = await client.execute(orchestratorId, { datasetId: await client.dataset('seeds', sent) });
      const ended = await client.ended(id, ({ coverage }) => expectSum(coverage, 10_000));
      expect(ended).toMatchObject({ state: 'completed', coverage: { scored: 10_000 } });
      expect(target.requests).toBe(10_000);
      expect(target.countByContent.size).toBe(10_000);
      const results = await client.results(id);
      expect(results.map((result) => result.prompt)).toEqual(sent);
      expect(results.every(({ prompt, response, scores }) => response === `You said: ${prompt}` && scores.length === 2)).toBe(true);
    },
    2 * MINUTES,
  );
});
