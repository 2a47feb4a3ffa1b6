import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import type { MemoryStatsDto } from '../../src/memory/memory.dto.js';
import type { RetentionDto, RetentionPreviewDto } from '../../src/retention/retention.dto.js';
import type { Client } from '../server/client.js';
import { expectProblem, pointers } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';

const ROUTE = '/api/v2/me/retention';
const OFTEN = { RETENTION_EVERY_HOURS: '0.0002' };

let server: ServerProcess;
let ada: Client;
let ben: Client;

beforeAll(async () => {
  server = await ServerProcess.start();
  [ada, ben] = [server.client('ada'), server.client('ben')];
}, 60_000);

afterAll(() => server[Symbol.asyncDispose]());

/** Runs a few prompts to their end. @returns the execution. */
async function campaign(person: Client, name: string): Promise<string> {
  const generatorId = await person.create('generators', name, 'echo');
  const orchestratorId = await person.orchestrator(name, { generatorId });
  const { id } = await person.execute(orchestratorId, { prompts: [`${name} one`, `${name} two`] });
  await person.ended(id);
  return id;
}

async function fileOf(person: Client): Promise<string> {
  const { store } = await person.get<{ store: { location: string } }>('/api/v2/me');
  return store.location;
}

/** Makes executions of a memory that nobody has open look as old as they would be after so many days. */
async function age(file: string, executionIds: readonly string[], days: number): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  for (const id of executionIds)
    await connection.run(`update executions set finished_at = finished_at - interval ${days} day where cast(id as varchar) = '${id}'`);
  await connection.run('checkpoint');
  connection.closeSync();
  instance.closeSync();
}

const put = (person: Client, rule: object) => person.ask('PUT', ROUTE, { body: rule });

async function executions(person: Client): Promise<string[]> {
  return (await person.all<{ id: string }>('/api/v2/executions')).map(({ id }) => id).sort();
}

async function until(wanted: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await wanted());) {
    if (Date.now() > deadline) throw new Error('It does not come to be.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('A rule of how long is kept', () => {
  it('keeps everything unless it is set, and is one’s own', async () => {
    expect(await ada.get<RetentionDto>(ROUTE)).toEqual({ executionsDays: null, conversationsDays: null, limitDays: null });
    const rule = { executionsDays: 30, conversationsDays: null };
    expect((await put(ada, rule)).json).toEqual({ ...rule, limitDays: null });
    expect(await ada.get<RetentionDto>(ROUTE)).toEqual({ ...rule, limitDays: null });
    expect(await ben.get<RetentionDto>(ROUTE)).toEqual({ executionsDays: null, conversationsDays: null, limitDays: null });
    for (const [bad, pointer] of [
      [{ ...rule, executionsDays: 0 }, '/executionsDays'],
      [{ ...rule, conversationsDays: 1.5 }, '/conversationsDays'],
      [{ executionsDays: 1 }, '/conversationsDays'],
      [{ ...rule, datasetsDays: 1 }, '/datasetsDays'],
    ] as const) {
      const answer = await put(ada, bad);
      expectProblem(answer);
      expect(pointers(answer)).toEqual([pointer]);
    }
    await put(ada, { executionsDays: null, conversationsDays: null });
  });

  it('removes what is older, and nothing else: no younger execution, no configuration, nothing of others', async () => {
    const [old, young] = [await campaign(ada, 'old'), await campaign(ada, 'young')];
    const theirs = await campaign(ben, 'theirs');
    const files = [await fileOf(ada), await fileOf(ben)];
    await server.stop();
    await age(files[0] ?? '', [old], 31);
    await age(files[1] ?? '', [theirs], 31);
    await server.boot(OFTEN);
    const before = await ada.get<RetentionPreviewDto>(`${ROUTE}/preview?executionsDays=30`);
    expect(before).toMatchObject({ executions: 1, conversations: 0, messages: 4, conversationsBefore: null });
    expect(await ada.get<RetentionPreviewDto>(`${ROUTE}/preview?executionsDays=32`)).toMatchObject({ executions: 0, messages: 0 });
    expect(await ada.get<RetentionPreviewDto>(`${ROUTE}/preview`)).toMatchObject({ executionsBefore: null, executions: 0, messages: 0 });
    const kept = await ada.results(young);

    await put(ada, { executionsDays: 30, conversationsDays: 30 });
    await until(async () => (await executions(ada)).length === 1);
    expect(await executions(ada)).toEqual([young]);
    expect(await ada.results(young)).toEqual(kept);
    expectProblem(await ada.ask('GET', `/api/v2/executions/${old}`), 404, 'not-found');
    expect(await ada.get<MemoryStatsDto>('/api/v2/memory/stats')).toMatchObject({ executions: 1, messages: 4 });
    expect((await ada.all<{ name: string }>('/api/v2/generators')).map(({ name }) => name).sort()).toEqual(['old', 'young']);
    expect(await executions(ben)).toEqual([theirs]);
    await until(async () =>
      server.log.some((line) => line.includes('what was not to be kept was removed') && line.includes('"executions":1')),
    );
  }, 60_000);

  it('can’t keep for longer than the operator does, and lets what has not ended be', async () => {
    const generatorId = await ben.create('generators', 'slow', 'echo', { delayMs: 60_000 });
    const { id } = await ben.execute(await ben.orchestrator('slow', { generatorId }), { prompts: ['wait'] });
    await ben.post(`/api/v2/executions/${id}/pause`, {});
    await put(ben, { executionsDays: 365, conversationsDays: null });
    await server.restart({ ...OFTEN, RETENTION_DAYS: '30' });
    expect(await ben.get<RetentionDto>(ROUTE)).toEqual({ executionsDays: 365, conversationsDays: null, limitDays: 30 });
    await until(async () => (await executions(ben)).length === 1);
    expect(await executions(ben)).toEqual([id]);
    await ben.post(`/api/v2/executions/${id}/cancel`, {});
    await ben.ended(id);
  }, 60_000);

  it('takes nothing twice', async () => {
    const applied = (): number => server.log.filter((line) => line.includes('what was not to be kept was removed')).length;
    const before = applied();
    await server.restart({ ...OFTEN, RETENTION_DAYS: '30' });
    expect(await executions(ada)).toHaveLength(1);
    expect(applied()).toBe(before);
  }, 60_000);
});
