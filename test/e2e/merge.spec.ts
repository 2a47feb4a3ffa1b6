import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { MigrationReport } from '../../src/migration/migration-report.js';
import { prompts } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const ROUTE = '/api/v2/migration/merges';
const KEY = 'sk-of-the-old-name-0123456789';
const NOUNS = ['generators', 'converters', 'scorers', 'orchestrators', 'datasets', 'executions'] as const;
const MINUTES = 60_000;

let server: ServerProcess;
let target: OpenAiTarget;
let admin: Client;

beforeAll(async () => {
  target = await OpenAiTarget.start();
  server = await ServerProcess.start({ env: { ADMIN_USERS: 'root' } });
  admin = server.client('root');
}, MINUTES);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

interface Document {
  readonly id: string;
  readonly state: string;
  readonly failure: string | null;
}

interface Me {
  readonly userId: string;
  readonly store: { readonly location: string; readonly state: string; readonly open: boolean };
}

const whoIs = (client: Client): Promise<Me> => client.get('/api/v2/me');

async function ended(kind: 'plans' | 'runs', id: string): Promise<Document> {
  for (;;) {
    const document = await admin.get<Document>(`${ROUTE}/${kind}/${id}`);
    if (document.state !== 'running' && document.state !== 'undoing') return document;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function plan(fromUserId: string, intoUserId: string): Promise<MigrationReport> {
  const { id } = await admin.post<Document>(`${ROUTE}/plans`, { fromUserId, intoUserId });
  expect(await ended('plans', id)).toMatchObject({ state: 'completed', failure: null });
  return admin.get(`${ROUTE}/plans/${id}/report`);
}

async function run(planId: string): Promise<MigrationReport> {
  const { id } = await admin.post<Document>(`${ROUTE}/runs`, { planId });
  expect(await ended('runs', id)).toMatchObject({ state: 'completed', failure: null });
  return admin.get(`${ROUTE}/reports/${id}`);
}

async function undo(runId: string | null): Promise<MigrationReport> {
  const { id } = await admin.post<Document>(`${ROUTE}/runs/${runId}/undo`, {});
  expect(await ended('runs', id)).toMatchObject({ state: 'undone', failure: null });
  return admin.get(`${ROUTE}/reports/${id}`);
}

/** A person with one of everything, and an execution that has ended. @returns its id */
async function campaign(client: Client, name: string, count: number): Promise<string> {
  // Of the same name in both memories, and not the same.
  const generatorId = await client.create('generators', 'echo', 'echo', { prefix: `${name}: ` });
  const scorerId = await client.create('scorers', 'said', 'substring', { substring: name });
  const orchestratorId = await client.orchestrator('campaign', { generatorId, scorerIds: [scorerId] });
  const datasetId = await client.dataset(`prompts of ${name}`, prompts(count));
  const { id } = await client.execute(orchestratorId, { datasetId });
  expect((await client.ended(id)).state).toBe('completed');
  return id;
}

/** Everything that a person can see, as it is listed; executions with their results. */
async function everything(client: Client): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = { stats: await client.get('/api/v2/memory/stats') };
  for (const noun of NOUNS) seen[noun] = (await client.all<{ id: string }>(`/api/v2/${noun}`)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id } of seen['datasets'] as { id: string }[]) seen[id] = await client.all(`/api/v2/datasets/${id}/prompts`);
  for (const { id } of seen['executions'] as { id: string }[]) seen[id] = await client.results(id);
  return seen;
}

/** What is told of a result, but not of the configurations that are named in it. */
const told = (results: readonly ResultDto[]): unknown[] => results.map(({ scores, ...rest }) => ({ ...rest, scores: scores.length }));

const idsOf = (seen: Record<string, unknown>): string[] =>
  NOUNS.filter((noun) => noun !== 'scorers' && noun !== 'generators').flatMap((noun) =>
    (seen[noun] as { id: string }[]).map(({ id }) => id),
  );

describe('Two memories of one person', () => {
  let old: Client;
  let now: Client;
  let from: Me;
  let into: Me;
  let before: { old: Record<string, unknown>; now: Record<string, unknown> };
  let executions: { old: string; now: string };
  let report: MigrationReport;
  let program: Client;

  beforeAll(async () => {
    old = server.client('ada.old');
    now = server.client('ada');
    executions = { old: await campaign(old, 'old', 40), now: await campaign(now, 'now', 20) };
    await old.generator('sealed', target.baseUrl, { apiKey: KEY });
    [from, into] = [await whoIs(old), await whoIs(now)];
    const { key } = await old.post<{ key: string }>('/api/v2/api-keys', { name: 'nightly', scopes: ['read'] });
    program = server.clientWith({ 'x-api-key': key });
    expect((await program.ask('GET', '/api/v2/me')).status).toBe(200);
    before = { old: await everything(old), now: await everything(now) };
  }, MINUTES);

  it('are named, with the remedy, to whoever wants to bind the one name to the other person', async () => {
    const answer = await admin.ask('POST', `/api/v2/users/${into.userId}/aliases`, { body: { issuer: 'shared-secret', name: 'ada.old' } });
    expectProblem(answer, 409, 'conflict');
    expect(answer.problem?.detail).toContain(`POST ${ROUTE}/plans with {"fromUserId":"${from.userId}","intoUserId":"${into.userId}"}`);
  });

  it('are planned without changing either, the same each time', async () => {
    const planned = await plan(from.userId, into.userId);
    expect(planned.discrepancies).toEqual([]);
    expect(planned.totals.read).toBe(planned.totals.added + planned.totals.renamed + planned.totals.duplicate);
    expect(planned.totals.quarantined).toBe(0);
    expect(planned.files).toMatchObject([{ is: 'this-server' }]);
    expect((await plan(from.userId, into.userId)).planHash).toBe(planned.planHash);
    expect({ old: await everything(old), now: await everything(now) }).toEqual(before);
    const { text } = await admin.ask('GET', `${ROUTE}/plans/${planned.planId}/report?format=markdown`);
    expect(text).toContain('Every row is accounted for');
    expect(text).not.toContain('Prompt 1');
  });

  it('are not merged while something runs or is paused in one of them', async () => {
    const { planId } = await plan(from.userId, into.userId);
    for (const person of [old, now]) {
      const generatorId = await person.create('generators', 'slow', 'echo', { delayMs: 60_000 });
      const orchestratorId = await person.orchestrator('slow', { generatorId });
      const { id } = await person.execute(orchestratorId, { prompts: ['wait'] });
      await person.post(`/api/v2/executions/${id}/pause`, {});
      const answer = await admin.ask('POST', `${ROUTE}/runs`, { body: { planId } });
      expectProblem(answer, 409, 'conflict');
      expect(answer.problem?.detail).toContain(id);
      await person.post(`/api/v2/executions/${id}/cancel`, {});
      await person.ended(id);
      await person.delete(`/api/v2/executions/${id}`);
      await person.delete(`/api/v2/orchestrators/${orchestratorId}`);
      await person.delete(`/api/v2/generators/${generatorId}`);
    }
    expect({ old: await everything(old), now: await everything(now) }).toEqual(before);
  });

  it('become one: both names open it, everything is in it, and the old file is archived where it is', async () => {
    const { planId, accounts } = await plan(from.userId, into.userId);
    const asked = await Promise.all(Array.from({ length: 4 }, () => admin.ask('POST', `${ROUTE}/runs`, { body: { planId } })));
    const [{ id = '' } = {}, ...more] = asked.filter(({ status }) => status === 202).map(({ json }) => json as Partial<Document>);
    for (const other of more) expect(other.id).toBe(id);
    expect(asked.filter(({ status }) => status !== 202).every(({ status }) => status === 409)).toBe(true);
    // Whoever asks meanwhile is told to wait, or sees a whole memory.
    while ((await admin.get<Document>(`${ROUTE}/runs/${id}`)).state === 'running') {
      const answer = await old.ask('GET', '/api/v2/generators');
      if (answer.status !== 503) expect([2, 3]).toContain((answer.json as { items: unknown[] }).items.length);
    }
    expect(await ended('runs', id)).toMatchObject({ state: 'completed', failure: null });
    report = await admin.get(`${ROUTE}/reports/${id}`);
    expect(report.discrepancies).toEqual([]);
    expect(report.accounts).toEqual(accounts);
    for (const { meant, stored } of report.digests) expect(stored).toBe(meant);

    const merged = await everything(now);
    expect(await everything(old)).toEqual(merged);
    expect((await whoIs(old)).userId).toBe(into.userId);
    expect(merged['datasets']).toEqual(expect.arrayContaining([...(before.old['datasets'] as []), ...(before.now['datasets'] as [])]));
    expect(idsOf(merged).toSorted()).toEqual([...idsOf(before.old), ...idsOf(before.now)].toSorted());
    for (const [which, execution] of Object.entries(executions)) {
      const results = await now.results(execution);
      expect(told(results)).toEqual(told(before[which as 'old' | 'now'][execution] as ResultDto[]));
      expect(results.map(({ scores }) => scores.map(({ value }) => value))).toEqual(results.map(() => ['true']));
    }
    // Of the same name the newer one keeps it.
    const generators = await now.all<{ name: string; parameters: { prefix?: string } }>('/api/v2/generators');
    expect(generators).toHaveLength(3);
    expect(Object.fromEntries(generators.map(({ name, parameters }) => [name, parameters.prefix]))).toEqual({
      echo: 'now: ',
      [`echo (from memory ${report.files[0]?.sha256.slice(-8)})`]: 'old: ',
      sealed: undefined,
    });
    expect((await readdir(server.memoryDir)).filter((file) => file.endsWith('.db'))).toContain(from.store.location.split('/').at(-1));
    expect((await program.ask('GET', '/api/v2/me')).status).toBe(401);
  });

  it('keep their sealed secrets, which open in the merged one', async () => {
    const [sealed] = (await now.all<{ id: string; name: string }>('/api/v2/generators')).filter(({ name }) => name === 'sealed');
    const orchestratorId = await now.orchestrator('with a key', { generatorId: sealed?.id });
    const { id } = await now.execute(orchestratorId, { prompts: ['open sesame'] });
    expect((await now.ended(id)).state).toBe('completed');
    expect(target.last?.headers['authorization']).toBe(`Bearer ${KEY}`);
    await now.delete(`/api/v2/executions/${id}`);
    await now.delete(`/api/v2/orchestrators/${orchestratorId}`);
  });

  it('are merged once, however often it is asked for', async () => {
    const merged = await everything(now);
    expect((await run(report.planId)).runId).toBe(report.runId);
    const again = await admin.ask('POST', `${ROUTE}/plans`, { body: { fromUserId: from.userId, intoUserId: into.userId } });
    expectProblem(again, 409, 'conflict');
    expect(again.problem?.detail).toContain('was merged into another one already');
    expect(await everything(now)).toEqual(merged);
    expect(await admin.all(`${ROUTE}/runs`)).toHaveLength(1);
  });

  it('stay one: the name can’t be taken away or bound to what was archived', async () => {
    const aliases = await admin.all<{ id: string; name: string }>(`/api/v2/users/${into.userId}/aliases`);
    const alias = aliases.find(({ name }) => name === 'ada.old');
    expectProblem(await admin.ask('DELETE', `/api/v2/users/${into.userId}/aliases/${alias?.id}`), 409, 'conflict');
    const body = { issuer: 'shared-secret', name: 'ada.new' };
    expectProblem(await admin.ask('POST', `/api/v2/users/${from.userId}/aliases`, { body }), 409, 'conflict');
  });

  it(
    'are one for a rebuilt catalog too',
    async () => {
      const merged = await everything(now);
      await server.stop();
      const kept = ['catalog.db', 'catalog.db.wal'];
      for (const file of kept) await rename(join(server.dataDir, file), join(server.dataDir, `kept-${file}`)).catch(() => undefined);
      const rebuilt = await server.run('catalog', 'rebuild');
      expect(rebuilt.stderr).toBe('');
      expect(rebuilt.stdout).toContain(`left out: It was merged into the memory of user ${into.userId}, who has its name now.`);
      expect(rebuilt.stdout).not.toContain('claimed by another memory');
      await server.boot();
      expect(await everything(old)).toEqual(merged);
      await server.stop();
      for (const file of kept) {
        await rm(join(server.dataDir, file), { force: true });
        await rename(join(server.dataDir, `kept-${file}`), join(server.dataDir, file)).catch(() => undefined);
      }
      await server.boot();
    },
    MINUTES,
  );

  it('are two again when it is taken back, but for what was built on since', async () => {
    const dataset = (before.old['datasets'] as { id: string; name: string }[])[0];
    const [mine] = (await now.all<{ id: string; name: string }>('/api/v2/orchestrators')).filter(({ name }) => name === 'campaign');
    const { id } = await now.execute(mine?.id ?? '', { datasetId: dataset?.id ?? '' });
    await now.ended(id);
    const undone = await undo(report.runId);
    expect(await everything(old)).toEqual(before.old);
    expect((await whoIs(old)).userId).toBe(from.userId);
    const kept = undone.undone.flatMap((memory) => memory.kept);
    expect(kept.map(({ noun, ids }) => [noun, ids])).toEqual([['dataset', [dataset?.id]]]);
    await now.delete(`/api/v2/executions/${id}`);
    expect((await undo(report.runId)).undone.flatMap((memory) => memory.kept)).toEqual([]);
    expect(await everything(now)).toEqual(before.now);
    expect(await everything(old)).toEqual(before.old);
  });

  it('can be merged and taken back again', async () => {
    const again = await run((await plan(from.userId, into.userId)).planId);
    expect(again.totals.added + again.totals.renamed).toBe(report.totals.added + report.totals.renamed);
    expect((await whoIs(old)).userId).toBe(into.userId);
    await undo(again.runId);
    expect({ old: await everything(old), now: await everything(now) }).toEqual(before);
  });

  it('are nobody’s business but an administrator’s', async () => {
    const body = { fromUserId: from.userId, intoUserId: into.userId };
    const routes: [string, string, unknown?][] = [
      ['POST', '/plans', body],
      ['GET', `/plans/${report.planId}`],
      ['GET', `/plans/${report.planId}/report`],
      ['POST', '/runs', { planId: report.planId }],
      ['GET', '/runs'],
      ['GET', `/runs/${report.runId}`],
      ['POST', `/runs/${report.runId}/undo`, {}],
      ['GET', `/reports/${report.runId}`],
    ];
    const nobody = '01890000-0000-7000-8000-000000000000';
    for (const [method, path, sent] of routes) {
      const asked = sent === undefined ? {} : { body: sent };
      for (const person of [old, now]) expectProblem(await person.ask(method, ROUTE + path, asked), 403, 'missing-role');
      const unknown = path.replace(/[0-9a-f-]{36}/, nobody);
      if (unknown !== path) expectProblem(await admin.ask(method, ROUTE + unknown, asked), 404, 'not-found');
    }
    const plansOf = (sent: object) => admin.ask('POST', `${ROUTE}/plans`, { body: sent });
    expectProblem(await plansOf({ ...body, intoUserId: body.fromUserId }), 400, 'invalid-input');
    expectProblem(await plansOf({ ...body, intoUserId: nobody }), 404, 'not-found');
    expectProblem(await plansOf({ ...body, fromUserId: nobody }), 404, 'not-found');
    expectProblem(await admin.ask('POST', `${ROUTE}/runs`, { body: { planId: nobody } }), 404, 'not-found');
    // A person without a memory has nothing to merge.
    const { userId } = await server.client('newcomer').get<Me>('/api/v2/me');
    const answer = await plansOf({ ...body, fromUserId: userId });
    expectProblem(answer, 409, 'conflict');
    expect(answer.problem?.detail).toContain(`/api/v2/users/${into.userId}/aliases`);
  });
});

describe('A memory', () => {
  it(
    'comes to a person who had none',
    async () => {
      const [old, now] = [server.client('dan.old'), server.client('dan')];
      await old.create('converters', 'mine', 'base64');
      const [from, into] = [await whoIs(old), await whoIs(now)];
      const { runId } = await run((await plan(from.userId, into.userId)).planId);
      expect(await now.all('/api/v2/converters')).toMatchObject([{ name: 'mine' }]);
      expect((await whoIs(old)).userId).toBe(into.userId);
      await undo(runId);
      expect(await now.all('/api/v2/converters')).toEqual([]);
      expect(await old.all('/api/v2/converters')).toMatchObject([{ name: 'mine' }]);
    },
    MINUTES,
  );
});

describe('A merge that is cut off', () => {
  it(
    'goes on after SIGKILL, wherever it was, and comes to the same',
    async () => {
      const [old, now] = [server.client('ben.old'), server.client('ben')];
      const executions = [await campaign(old, 'old', 200), await campaign(now, 'now', 5)];
      const [from, into] = [await whoIs(old), await whoIs(now)];
      const { planId, accounts } = await plan(from.userId, into.userId);
      const before = [await old.results(executions[0] ?? ''), await now.results(executions[1] ?? '')];
      const { id } = await admin.post<Document>(`${ROUTE}/runs`, { planId });
      for (const delayMs of [0, 200, 600]) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        await server.kill();
        await server.boot();
      }
      expect(server.log.join('\n')).toContain('goes on with a merge that was cut off');
      expect(await ended('runs', id)).toMatchObject({ state: 'completed', failure: null });
      const report = await admin.get<MigrationReport>(`${ROUTE}/reports/${id}`);
      expect(report.discrepancies).toEqual([]);
      expect(report.accounts).toEqual(accounts);
      expect((await whoIs(old)).userId).toBe(into.userId);
      expect(told(await old.results(executions[0] ?? ''))).toEqual(told(before[0] ?? []));
      expect(told(await old.results(executions[1] ?? ''))).toEqual(told(before[1] ?? []));

      const { id: undoing } = await admin.post<Document>(`${ROUTE}/runs/${id}/undo`, {});
      await server.kill();
      await server.boot();
      expect(await ended('runs', undoing)).toMatchObject({ state: 'undone' });
      expect((await whoIs(old)).userId).toBe(from.userId);
      expect(await old.results(executions[0] ?? '')).toEqual(before[0]);
      expect(await now.results(executions[1] ?? '')).toEqual(before[1]);
      expect(await now.all('/api/v2/executions')).toHaveLength(1);
    },
    3 * MINUTES,
  );

  it(
    'gives the memory back when it can’t go on, and can be done again',
    async () => {
      const [old, now] = [server.client('cleo.old'), server.client('cleo')];
      const execution = await campaign(old, 'old', 60);
      await campaign(now, 'now', 5);
      const [from, into] = [await whoIs(old), await whoIs(now)];
      const results = await old.results(execution);
      const { planId } = await plan(from.userId, into.userId);
      const { id } = await admin.post<Document>(`${ROUTE}/runs`, { planId });
      await server.kill();
      await rename(into.store.location, `${into.store.location}.away`);
      await server.boot();
      const failed = await ended('runs', id);
      expect(failed.state).toBe('failed');
      expect(failed.failure).toContain('is missing');
      expect((await whoIs(old)).userId).toBe(from.userId);
      expect(await old.results(execution)).toEqual(results);

      await rename(`${into.store.location}.away`, into.store.location);
      const report = await run(planId);
      expect(report.runId).not.toBe(id);
      expect(report.discrepancies).toEqual([]);
      expect(told(await now.results(execution))).toEqual(told(results));
    },
    2 * MINUTES,
  );
});
