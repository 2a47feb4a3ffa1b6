import { readdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompactionDto } from '../../src/compaction/compaction.controller.js';
import { answering, prepare, prompts, settled, slowly } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const ENV = { ADMIN_USERS: 'root', COMPACT_EVERY_HOURS: '0', COMPACT_FREE_MB: '1', MEMORY_CHECK_SECONDS: '0.05' };
const MINUTES = 60_000;
const LARGE = 8_000;

let server: ServerProcess;
let target: OpenAiTarget;
let root: Client;
let ada: Client;
let userId: string;
let location: string;
let doneId: string;
let orchestratorId: string;

beforeAll(async () => {
  target = await OpenAiTarget.start();
  target.behave = answering;
  server = await ServerProcess.start({ env: ENV });
  [root, ada] = [server.client('root'), server.client('ada')];
  orchestratorId = await prepare(ada, target);
  ({ id: doneId } = await ada.execute(orchestratorId, { prompts: prompts(60) }));
  await ada.ended(doneId);
  ({
    userId,
    store: { location },
  } = await ada.get<{ userId: string; store: { location: string } }>('/api/v2/me'));
}, MINUTES);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

/** Fills the memory with what can't be compressed, has that folded into the file, and deletes it. */
async function bloat(): Promise<void> {
  const lines = Array.from({ length: LARGE }, () => Buffer.from(crypto.getRandomValues(new Uint8Array(300))).toString('base64'));
  const datasetId = await ada.dataset('bloat', lines);
  await compact();
  await ada.delete(`/api/v2/datasets/${datasetId}`);
}

async function everything(): Promise<unknown> {
  const lists = ['generators', 'scorers', 'orchestrators', 'datasets', 'memory/messages', 'memory/scores', `executions/${doneId}/items`];
  return [await ada.execution(doneId), await ada.results(doneId), ...(await Promise.all(lists.map((list) => ada.all(`/api/v2/${list}`))))];
}

const compact = (): Promise<CompactionDto> => root.post(`/api/v2/stores/${userId}/compact`, undefined);

/** What is beside the memories, but what an open one has. */
/** Beside memories, and what the server tries whether it can write there with. */
const besides = (): string[] => readdirSync(server.memoryDir).filter((file) => !/\.db(\.wal|\.tmp)?$|^\.ready$/.test(file));

describe('Compaction', () => {
  it('makes the file small, and the same answers come out of it, while others go on asking', async () => {
    await bloat();
    const before = await everything();
    const compacting = compact();
    const asked = Promise.all(Array.from({ length: 20 }, () => ada.results(doneId)));
    const { bytesBefore, bytesAfter } = await compacting;
    expect(bytesBefore).toBeGreaterThan(3_000_000);
    expect(bytesAfter).toBeLessThan(bytesBefore / 2);
    expect(new Set((await asked).map((results) => JSON.stringify(results))).size).toBe(1);
    expect(await everything()).toEqual(before);
    expect([besides(), statSync(location).mode & 0o777]).toEqual([[], 0o600]);
    // Those who look for files that were replaced under the server have seen nothing.
    expect((await root.get<{ items: unknown[] }>('/api/v2/migration/rescues')).items).toEqual([]);
    expect(server.log.filter((line) => line.includes('switch refused'))).toEqual([]);
  });

  it('of a memory with a campaign under way loses nothing of it', async () => {
    target.behave = slowly;
    const { id } = await ada.execute(orchestratorId, { prompts: prompts(400) });
    await ada.until(id, (execution) => settled(execution) > 20);
    const answer = await root.ask('POST', `/api/v2/stores/${userId}/compact`);
    if (answer.status !== 200) expectProblem(answer, 409, 'conflict');
    const ended = await ada.ended(id);
    expect(ended).toMatchObject({ state: 'completed', coverage: { planned: 400, scored: 400 } });
    expect(
      Math.max(
        ...prompts(400)
          .slice(60)
          .map((prompt) => target.countByContent.get(prompt) ?? 0),
      ),
    ).toBe(1);
    expectProblem(await root.ask('POST', '/api/v2/stores/01890a5d-ac96-774b-bcce-b302099a8057/compact'), 404, 'not-found');
  });

  it(
    'that is killed at any moment leaves the old file or the new one, and nothing beside it',
    async () => {
      await bloat();
      const before = await everything();
      const began = Date.now();
      await compact();
      const tookMs = Date.now() - began;
      const rounds = 3;
      for (let round = 0; round < rounds; round++) {
        await bloat();
        const compacting = root.ask('POST', `/api/v2/stores/${userId}/compact`).catch(() => null);
        await new Promise((resolve) => setTimeout(resolve, (tookMs * (round + 0.5)) / rounds));
        await server.kill();
        await compacting;
        expect(statSync(location).isFile()).toBe(true);
        await server.boot();
        expect(besides()).toEqual([]);
        expect(await everything()).toEqual(before);
      }
      expect((await compact()).bytesAfter).toBeLessThan(3_000_000);
    },
    MINUTES,
  );

  it(
    'comes by itself to what is bloated and idle, and to nothing else',
    async () => {
      await bloat();
      const before = await everything();
      await server.client('bob').create('converters', 'of bob', 'rot13');
      await server.stop();
      const bloated = statSync(location).size;
      expect(bloated).toBeGreaterThan(3_000_000);
      await server.boot({ ...ENV, COMPACT_EVERY_HOURS: '0.0001' });
      const deadline = Date.now() + 20_000;
      while (statSync(location).size > bloated / 2 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(statSync(location).size).toBeLessThan(bloated / 2);
      expect(await everything()).toEqual(before);
      const compactions = server.log.filter((line) => line.includes('"memory compacted"') && line.includes('bytesAfter'));
      expect(compactions.filter((line) => !line.includes(userId))).toEqual([]);
    },
    MINUTES,
  );
});
