import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDuckDb } from '#database';
import type { ResultDto } from '../../src/executions/result.dto.js';
import {
  answering,
  expectSum,
  expectWhole,
  IN_FLIGHT,
  memoryFiles,
  prepare,
  prompts,
  settled,
  slowly,
  type Told,
} from '../server/campaign.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const MINUTES = 60_000;
/** What a crash can leave in doubt: what is on the wire, what stands next in the queue, and answers that are on their way to the disk. */
const MOST_LOST = 3 * IN_FLIGHT;

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

describe('A server that ends half-way', () => {
  it(
    'tells those who watch to come back, and goes on telling from where they were',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const client = server.client('returning');
      const { id } = await client.execute(await prepare(client, target), { prompts: prompts(600) });
      const told: (readonly [string, Told])[] = [];
      const watched = (async () => {
        for await (const event of client.events(id, told.at(-1)?.[0])) told.push([event.id, event.data as Told]);
      })();
      await client.until(id, (execution) => settled(execution) > 200);
      expect(await server.stop()).toBe(0);
      await watched;
      expect(told.at(-1)?.[1]).toMatchObject({ state: 'running' });
      await server.boot();
      for await (const event of client.events(id, told.at(-1)?.[0])) told.push([event.id, event.data as Told]);
      const counts = told.map(([, report]) => settled(report));
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(told.at(-1)?.[1]).toMatchObject({ state: 'completed', coverage: { scored: 600 } });
      expect(target.requests).toBe(600);
    },
    2 * MINUTES,
  );

  it(
    'waits no longer for answers than it was told to, and asks for those again',
    async () => {
      await server.restart({ SHUTDOWN_DRAIN_SECONDS: '1' });
      await using target = await OpenAiTarget.start({ hang: true });
      const client = server.client('impatient');
      const sent = prompts(40);
      const { id } = await client.execute(await prepare(client, target), { prompts: sent });
      while (target.requests < IN_FLIGHT) await new Promise((resolve) => setTimeout(resolve, 20));
      const began = Date.now();
      expect(await server.stop()).toBe(0);
      expect(Date.now() - began).toBeLessThan(10_000);
      expect(target.requests).toBe(IN_FLIGHT);
      target.behave = answering;
      await server.boot({});
      expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { scored: 40 } });
      expectWhole(await client.results(id), sent);
      expect(target.requests).toBe(40 + IN_FLIGHT);
    },
    2 * MINUTES,
  );

  it(
    'goes on by itself after a restart: nothing is sent twice, nothing is left out',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const client = server.client('deployed');
      const sent = prompts(1_500);
      const orchestratorId = await prepare(client, target);
      const { id, planHash } = await client.execute(orchestratorId, { datasetId: await client.dataset('seeds', sent) });
      await client.until(id, (execution) => settled(execution) > 500);
      const files = await memoryFiles(server);

      expect(await server.stop()).toBe(0);
      const before = target.requests;
      expect(before).toBeLessThan(1_500);
      await server.boot();

      const ended = await client.ended(id, ({ coverage }) => expectSum(coverage, 1_500));
      expect(ended).toMatchObject({ state: 'completed', planHash, coverage: { scored: 1_500 } });
      expect(target.requests).toBe(1_500);
      expect(target.countByContent.size).toBe(1_500);
      expectWhole(await client.results(id), sent);
      expect(await memoryFiles(server)).toEqual(files);
    },
    2 * MINUTES,
  );

  it(
    'sends again, after a crash, what nobody knows the outcome of, and nothing else',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const client = server.client('crashed');
      const sent = prompts(1_500);
      const { id } = await client.execute(await prepare(client, target), { datasetId: await client.dataset('seeds', sent) });
      await client.until(id, (execution) => settled(execution) > 500);
      await server.kill();
      await server.boot();

      const ended = await client.ended(id, ({ coverage }) => expectSum(coverage, 1_500));
      expect(ended).toMatchObject({ state: 'completed', onUnknownOutcome: 'resend', coverage: { scored: 1_500, unknown: 0 } });
      const results = await client.results(id);
      expectWhole(results, sent);
      // Lost attempts are journaled: the journal and what the target has counted must tell the same story.
      const lost = results.filter((result) => result.attempts > 1);
      expect(results.every((result) => result.attempts <= 2)).toBe(true);
      expect(lost.length).toBeGreaterThan(0);
      expect(lost.length).toBeLessThanOrEqual(MOST_LOST);
      const twice = [...target.countByContent].filter(([, count]) => count > 1);
      expect(target.requests).toBe(1_500 + twice.length);
      expect(lost.map((result) => result.prompt)).toEqual(expect.arrayContaining(twice.map(([prompt]) => prompt)));
    },
    2 * MINUTES,
  );

  it(
    'marks, after a crash, what nobody knows the outcome of, where that is wanted: nothing is sent twice',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const client = server.client('careful');
      const sent = prompts(1_000);
      const { id } = await client.execute(await prepare(client, target), { prompts: sent, onUnknownOutcome: 'mark' });
      await client.until(id, (execution) => settled(execution) > 300);
      await server.kill();
      await server.boot();

      const { state, coverage } = await client.ended(id, (execution) => expectSum(execution.coverage, 1_000));
      expect(state).toBe('completed');
      expect(coverage.unknown).toBeGreaterThan(0);
      expect(coverage.unknown).toBeLessThanOrEqual(MOST_LOST);
      expect(coverage.scored).toBe(1_000 - coverage.unknown);
      expect(Math.max(...target.countByContent.values())).toBe(1);
      expect(target.requests).toBeLessThanOrEqual(1_000);
      const results = await client.results(id);
      const isUnknown = (result: ResultDto): boolean => result.state === 'unknown';
      expectWhole(
        results.filter((result) => !isUnknown(result)),
        sent.filter((prompt) => results.some((result) => result.prompt === prompt && !isUnknown(result))),
      );
      for (const result of results.filter(isUnknown)) {
        expect(result).toMatchObject({ response: null, scores: [], reason: expect.stringContaining('in flight') });
      }
      const listed = await client.all<ResultDto>(`/api/v2/executions/${id}/items?state=unknown`);
      expect(listed).toHaveLength(coverage.unknown);
    },
    2 * MINUTES,
  );

  it(
    'takes up an execution whose memory could not be had at the start, as soon as it can',
    async () => {
      await using target = await OpenAiTarget.start(slowly);
      const client = server.client('held');
      const sent = prompts(300);
      const before = await memoryFiles(server);
      const { id } = await client.execute(await prepare(client, target), { prompts: sent });
      const [file = ''] = (await memoryFiles(server)).filter((name) => !before.includes(name));
      await client.until(id, (execution) => settled(execution) > 50);
      await server.stop();
      const inTime = target.requests;
      const held = await openDuckDb({ directory: server.memoryDir, file }, { create: false });
      try {
        await server.boot({ DB_CONNECTION_TIMEOUT: '1', DB_MAX_RETRIES: '0' });
        await expect(client.execution(id)).rejects.toThrow(`held by the process ${process.pid}`);
        expect(target.requests).toBe(inTime);
      } finally {
        await held.close();
      }
      // Nobody asks for it: that would not be by itself.
      for (const deadline = Date.now() + MINUTES; target.requests < 300 && Date.now() < deadline;) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(target.requests).toBe(300);
      expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { scored: 300 } });
      expectWhole(await client.results(id), sent);
    },
    2 * MINUTES,
  );

  it('removes what a crash has left of an upload', async () => {
    await server.kill();
    const uploads = join(server.dataDir, 'uploads');
    await mkdir(uploads, { recursive: true });
    await writeFile(join(uploads, 'half-a-file'), 'prompts');
    await server.boot({});
    await expect(readdir(uploads)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await server.client('uploader').upload('afterwards', 'seeds.txt', 'one')).status).toBe(201);
    expect(await readdir(uploads)).toEqual([]);
  });
});
