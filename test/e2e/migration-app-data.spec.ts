import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationReport } from '../../src/migration/migration-report.js';
import { expectProblem } from '../server/expect-problem.js';
import type { Client } from '../server/client.js';
import { ServerProcess } from '../server/server-process.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/legacy');
const OWNER = 'violentutf.web';
const CONFIGURATION = 'violentutf/pyrit_memory_1acefa53d4d0ea275fe181e3f59e19eaa60a8f80702edc514093b3e71d972c1b.db';
const RESET = 'violentutf/pyrit_memory_fbf56c7ab28631c04756840874f42076ee18c4c73cd928a1e8620f358a44a827.db';
const SERVICE = 'violentutf.db';
const FILES = [CONFIGURATION, RESET, `${RESET}.backup.20261121_002123`, SERVICE];
const ROUTE = '/api/v2/migration/legacy';

let root: string;
let server: ServerProcess;
let admin: Client;
let owner: Client;
let before: Record<string, string>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'violentutf-app-data-'));
  for (const file of FILES) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), gunzipSync(await readFile(join(FIXTURES, `${basename(file)}.gz`))));
  }
  before = await snapshot();
  server = await ServerProcess.start({ env: { LEGACY_ROOTS: root, LEGACY_SALTS: 'probe_salt', ADMIN_USERS: 'root' } });
  admin = server.client('root');
  owner = server.client(OWNER);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** Names, bytes and times of the sources. */
async function snapshot(): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const file of await readdir(root, { recursive: true })) {
    const { mtimeMs, mode } = await stat(join(root, file));
    const bytes = await readFile(join(root, file)).catch(() => '');
    seen[file] = `${mtimeMs} ${mode} ${createHash('sha256').update(bytes).digest('hex')}`;
  }
  return seen;
}

async function duckRows(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(join(root, CONFIGURATION), { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

function sqliteRows<T>(sql: string): T[] {
  const database = new DatabaseSync(join(root, SERVICE), { readOnly: true });
  const rows = database.prepare(sql).all() as T[];
  database.close();
  return rows;
}

interface Document {
  readonly id: string;
  readonly state: string;
  readonly hash: string | null;
  readonly failure: string | null;
}

async function ended(kind: 'scans' | 'plans' | 'runs', id: string): Promise<Document> {
  for (;;) {
    const document = await admin.get<Document>(`${ROUTE}/${kind}/${id}`);
    if (document.state !== 'running' && document.state !== 'undoing') return document;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function plan(): Promise<MigrationReport> {
  const { id } = await admin.post<Document>(`${ROUTE}/plans`, {});
  expect(await ended('plans', id)).toMatchObject({ state: 'completed', failure: null });
  return admin.get(`${ROUTE}/plans/${id}/report`);
}

async function run(planId: string): Promise<MigrationReport> {
  const { id } = await admin.post<Document>(`${ROUTE}/runs`, { planId });
  expect(await ended('runs', id)).toMatchObject({ state: 'completed', failure: null });
  return admin.get(`${ROUTE}/reports/${id}`);
}

interface Score {
  readonly scorer: string;
  readonly value: string;
  readonly metadata: { readonly synthetic?: boolean } | null;
}

describe('The data of ViolentUTF', () => {
  let report: MigrationReport;
  let repeated: MigrationReport;

  it('is found and planned without changing anything', async () => {
    const { id } = await admin.post<Document>(`${ROUTE}/scans`, {});
    expect(await ended('scans', id)).toMatchObject({ state: 'completed', failure: null });
    const scan = await admin.get<{ files: { path: string; is: string; sameAs: string | null }[] }>(`${ROUTE}/scans/${id}/report`);
    expect(scan.files.map(({ path }) => path).toSorted()).toEqual(FILES.map((file) => join(root, file)).toSorted());
    const planned = await plan();
    expect(planned.discrepancies).toEqual([]);
    expect(planned.totals.read).toBe(planned.totals.added + planned.totals.renamed + planned.totals.duplicate + planned.totals.quarantined);
    expect((await owner.get<{ messages: number }>('/api/v2/memory/stats')).messages).toBe(0);
    report = await run(planned.planId);
    expect(report.discrepancies).toEqual([]);
    const counted = ({ noun, table, added, duplicate, quarantined }: MigrationReport['accounts'][number]) => ({
      noun,
      table,
      added,
      duplicate,
      quarantined,
    });
    expect(report.accounts.map(counted)).toEqual(planned.accounts.map(counted));
    expect(await snapshot()).toEqual(before);
  });

  it('stands in its owner’s memory: configurations and datasets with all their prompts', async () => {
    for (const noun of ['generators', 'converters', 'scorers'] as const) {
      const source = (await duckRows(`select name from ${noun} where user_id = '${OWNER}' order by name`)).map(({ name }) => name);
      const here = await owner.all<{ name: string }>(`/api/v2/${noun}`);
      expect(here.map(({ name }) => name).toSorted()).toEqual(source);
    }
    const datasets = await owner.all<{ id: string; name: string; promptCount: number }>('/api/v2/datasets');
    const source = await duckRows(`select d.id, d.name, count(p.id)::integer as prompts, count(distinct p.prompt_text)::integer as texts
      from datasets d left join dataset_prompts p on p.dataset_id = d.id group by all order by d.name`);
    expect(
      datasets.map(({ id, name, promptCount }) => ({ id, name, texts: promptCount })).toSorted((a, b) => a.name.localeCompare(b.name)),
    ).toEqual(source.map(({ id, name, texts }) => ({ id, name, texts })));
    for (const { id } of datasets) {
      const prompts = await owner.all<{ value: string }>(`/api/v2/datasets/${id}/prompts`);
      const texts = await duckRows(`select distinct on (prompt_text) prompt_text from dataset_prompts where dataset_id = '${id}'`);
      expect(prompts.map(({ value }) => value).toSorted()).toEqual(texts.map(({ prompt_text }) => prompt_text as string).toSorted());
    }
  });

  it('has its executions, with what was sent, what came back, and each score once, on its own answer', async () => {
    const sources = sqliteRows<{ id: string; status: string; input_data: string; results: string | null }>(
      'select lower(id) as id, status, input_data, results from orchestrator_executions',
    );
    const executions = await owner.all<{ id: string; state: string; coverage: { planned: number; open: number } }>('/api/v2/executions');
    expect(executions.map(({ id }) => id.replaceAll('-', '')).toSorted()).toEqual(
      sources.map(({ id }) => id.replaceAll('-', '')).toSorted(),
    );
    const seen = new Set<string>();
    for (const source of sources) {
      const execution = executions.find(({ id }) => id.replaceAll('-', '') === source.id.replaceAll('-', ''));
      const results = JSON.parse(source.results ?? '{}') as {
        prompt_request_responses?: { conversation_id: string; response: { content: string }; request: { prompt: string } }[];
        scores?: { prompt_id: string; scorer_name: string; score_value: unknown; score_rationale: string }[];
      };
      const sent = (JSON.parse(source.input_data) as { prompt_list?: string[] }).prompt_list;
      const exchanges = results.prompt_request_responses ?? [];
      expect(execution?.coverage).toMatchObject({ planned: exchanges.length, open: 0 });
      const shown = await owner.results(execution?.id ?? '');
      expect(shown.map(({ prompt, response, conversationId }) => ({ prompt, response, conversationId }))).toEqual(
        exchanges.map(({ conversation_id, response, request }, position) => ({
          prompt: sent?.[position] ?? request.prompt,
          response: response.content,
          conversationId: conversation_id,
        })),
      );
      for (const { conversationId, scores } of shown) {
        const own = (results.scores ?? []).filter(({ prompt_id }) => prompt_id === conversationId);
        const wanted = new Set(own.map((score) => JSON.stringify([score.scorer_name, score.score_rationale])));
        const here = scores.map((score) => JSON.stringify([score.scorer, score.rationale]));
        expect(here.toSorted()).toEqual([...wanted].toSorted());
        for (const score of here) {
          const key = `${conversationId} ${score}`;
          expect(seen.has(key)).toBe(false);
          seen.add(key);
        }
      }
    }
    const all = await owner.all<Score>('/api/v2/memory/scores');
    expect(all).toHaveLength(seen.size);
    expect(all.filter(({ metadata }) => metadata?.synthetic === true)).toHaveLength(1);
    expect(all.filter(({ scorer }) => scorer === 'Safety_Fallback_Scorer')).toHaveLength(1);
  });

  it('comes in once, however often it is planned and run', async () => {
    const again = await plan();
    expect(again.totals).toMatchObject({ added: 0, renamed: 0 });
    const stats = await owner.get('/api/v2/memory/stats');
    repeated = await run(again.planId);
    expect(repeated.totals).toMatchObject({ added: 0, renamed: 0 });
    expect(await owner.get('/api/v2/memory/stats')).toEqual(stats);
  });

  it('is nobody else’s, and the routes are for administrators', async () => {
    const stranger = server.client('stranger');
    expect(await stranger.all('/api/v2/executions')).toEqual([]);
    const [execution] = await owner.all<{ id: string }>('/api/v2/executions');
    expectProblem(await stranger.ask('GET', `/api/v2/executions/${execution?.id}`), 404, 'not-found');
    const runId = report.runId ?? '';
    const routes: [string, string, unknown?][] = [
      ['POST', '/scans', {}],
      ['GET', '/scans'],
      ['GET', `/scans/${runId}`],
      ['GET', `/scans/${runId}/report`],
      ['POST', '/plans', {}],
      ['GET', '/plans'],
      ['GET', `/plans/${report.planId}`],
      ['GET', `/plans/${report.planId}/report`],
      ['POST', '/runs', { planId: report.planId }],
      ['GET', '/runs'],
      ['GET', `/runs/${runId}`],
      ['GET', `/runs/${runId}/events`],
      ['POST', `/runs/${runId}/undo`],
      ['GET', `/reports/${runId}`],
      ['GET', '/assignments'],
      ['POST', '/assignments', { file: '0'.repeat(64), userId: runId }],
    ];
    for (const [method, path, body] of routes)
      for (const person of [stranger, owner])
        expectProblem(await person.ask(method, ROUTE + path, body === undefined ? {} : { body }), 403, 'missing-role');
    expectProblem(await admin.ask('GET', `${ROUTE}/runs/${report.planId}/events`), 404, 'not-found');
    expectProblem(await admin.ask('POST', `${ROUTE}/runs`, { body: { planId: runId } }), 404, 'not-found');
  });

  it('can be read as a report, which quotes nothing of what is in a row', async () => {
    const { text, headers } = await admin.ask('GET', `${ROUTE}/reports/${report.runId}?format=markdown`);
    expect(headers.get('content-type')).toContain('text/markdown');
    expect(text).toContain('Every row is accounted for');
    expect(text).toContain(OWNER);
    for (const [row] of [sqliteRows<{ results: string }>('select results from orchestrator_executions where results is not null')]) {
      const [exchange] = (JSON.parse(row?.results ?? '{}') as { prompt_request_responses: { response: { content: string } }[] })
        .prompt_request_responses;
      expect(text).not.toContain(exchange?.response.content);
    }
  });

  it('is taken back entirely, once no other run has the same', async () => {
    const undo = async (runId: string | null): Promise<MigrationReport> => {
      const { id } = await admin.post<Document>(`${ROUTE}/runs/${runId}/undo`, {});
      expect((await ended('runs', id)).state).toBe('undone');
      return admin.get(`${ROUTE}/reports/${id}`);
    };
    const held = (await undo(report.runId)).undone.flatMap(({ kept }) => kept);
    expect(held.length).toBeGreaterThan(0);
    expect(held.map(({ reason }) => reason)).toContain('Another import has the same. Take that back first.');
    await undo(repeated.runId);
    expect((await undo(report.runId)).undone.flatMap(({ kept }) => kept)).toEqual([]);
    for (const noun of ['generators', 'converters', 'scorers', 'orchestrators', 'datasets', 'executions'])
      expect(await owner.all(`/api/v2/${noun}`)).toEqual([]);
    expect(await owner.get('/api/v2/memory/stats')).toMatchObject({ messages: 0, scores: 0 });
    expect(await snapshot()).toEqual(before);
  });
});
