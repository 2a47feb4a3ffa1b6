import { readdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { answering, prepare, prompts } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { readExposition, type Family } from '../server/exposition.js';
import { readExpression } from '../server/promql.js';
import { ServerProcess } from '../server/server-process.js';
import { everyNth, OpenAiTarget } from '../targets/openai-target.js';

const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'k3Xw8pQz71LmVr0sT9';
const PROMPTS = 40;

let server: ServerProcess;
let target: OpenAiTarget;
let client: Client;
let executionId: string;
/** After a small campaign: what is told then. */
let metrics: Map<string, Family>;
let exposed: string;

beforeAll(async () => {
  server = await ServerProcess.start({ env: { HOST: '0.0.0.0', ADMIN_USERS: 'root', METRICS_TOKEN: TOKEN } });
  // Every tenth request fails, and is sent again.
  target = await OpenAiTarget.start();
  const answer = everyNth(10, { status: 500, raw: 'Oops.' });
  target.behave = (request) => {
    const behaviour = answer(request);
    return behaviour.status === undefined ? answering(request) : behaviour;
  };
  client = server.client('measured');
  ({ id: executionId } = await client.execute(await prepare(client, target), { prompts: prompts(PROMPTS) }));
  for await (const { data } of client.events(executionId)) void data;
  await client.ended(executionId);
  await client.ask('GET', '/nowhere/measured');
  await client.ask('GET', `/api/v2/executions/${executionId}/results`);
  await server.client('root').ask('POST', '/api/v2/backups', {});
  while (!/^violentutf_backup_last_success_timestamp_seconds \d/m.test((exposed = await text())));
  metrics = readExposition(exposed);
}, 60_000);

afterAll(async () => {
  await target[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function text(): Promise<string> {
  const { status, headers, text } = await server.clientWith({}).ask('GET', '/metrics');
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
  return text;
}

/** The sum of the samples that have these labels; NaN when there are none. */
function value(name: string, labels: Readonly<Record<string, string>> = {}): number {
  const family = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
  const found = family?.samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted),
  );
  return found && found.length > 0 ? found.reduce((sum, each) => sum + each.value, 0) : NaN;
}

describe('Metrics', () => {
  it('count what a campaign did', () => {
    const failed = Math.floor(target.requests / 10);
    expect(failed).toBeGreaterThan(2);
    expect(value('violentutf_items_total')).toBe(PROMPTS);
    expect(value('violentutf_items_total', { outcome: 'scored' })).toBe(PROMPTS);
    expect(value('violentutf_attempts_total')).toBe(target.requests);
    expect(value('violentutf_attempts_total', { purpose: 'target', outcome: 'answered' })).toBe(PROMPTS);
    expect(value('violentutf_attempts_total', { purpose: 'target', outcome: 'unavailable' })).toBe(failed);
    expect(value('violentutf_executions_started_total')).toBe(1);
    expect(value('violentutf_executions_ended_total', { state: 'completed' })).toBe(1);
    expect(value('violentutf_executions')).toBe(0);
    const openAi = { generator_type: 'openai-compatible' };
    expect(value('violentutf_model_latency_seconds_count', openAi)).toBe(PROMPTS);
    expect(value('violentutf_model_latency_seconds_bucket', { ...openAi, le: '+Inf' })).toBe(PROMPTS);
    expect(value('violentutf_model_latency_seconds_sum', openAi)).toBeGreaterThan(0);
    expect(value('violentutf_model_tokens_total', { ...openAi, direction: 'output' })).toBeGreaterThan(0);
    expect(value('violentutf_endpoints', { ...openAi, breaker: 'closed' })).toBe(1);
    expect(value('violentutf_endpoint_in_flight_requests', openAi)).toBe(0);
    expect(value('violentutf_endpoint_window_requests', openAi)).toBeGreaterThan(0);
  });

  it('count how its memory was written, and say how the server is', () => {
    expect(value('violentutf_store_opens_total')).toBe(1);
    expect(value('violentutf_stores_open')).toBe(1);
    const commits = value('violentutf_store_commit_duration_seconds_count');
    expect(commits).toBeGreaterThan(1);
    expect(value('violentutf_store_commit_appends_count')).toBe(commits);
    expect(value('violentutf_store_commit_appends_sum')).toBeGreaterThanOrEqual(commits);
    expect(value('violentutf_store_failures_total')).toBe(0);
    expect(value('violentutf_memory_switches')).toBe(0);
    expect(value('violentutf_memory_switches_total')).toBe(0);
    for (const component of ['process', 'catalog', 'memory_directory', 'stores', 'orchestrator_pool', 'executions']) {
      expect([component, value('violentutf_health_status', { component })]).toEqual([component, 0]);
    }
    expect(value('violentutf_build_info', { version: '0.1.0', node_version: process.version })).toBe(1);
  });

  it('count requests by the template of their route; a stream of events has no duration, and a path that nobody serves no name', () => {
    const requests = (labels: object): number => value('violentutf_http_requests_total', labels as Record<string, string>);
    expect(requests({ method: 'POST', route: '/api/v2/orchestrators/{orchestratorId}/executions', status: '2xx' })).toBe(1);
    const events = { method: 'GET', route: '/api/v2/executions/{id}/events' };
    expect(requests(events)).toBe(1);
    expect(value('violentutf_http_request_duration_seconds_count', events)).toBeNaN();
    expect(requests({ method: 'GET', route: 'unmatched', status: '4xx' })).toBe(1);
    expect(value('violentutf_http_request_duration_seconds_count', { route: '/api/v2/executions/{id}/results' })).toBe(1);
    const all = value('violentutf_http_request_duration_seconds_count');
    expect(all).toBe(value('violentutf_http_requests_total') - 1);
  });

  it('tell what the pool tells', async () => {
    const pool = await client.get<Record<string, number>>('/api/v2/orchestrator-pool');
    expect(value('violentutf_orchestrator_pool_hits_total')).toBe(pool['hits']);
    expect(value('violentutf_orchestrator_pool_misses_total')).toBe(pool['misses']);
    expect(value('violentutf_orchestrator_pool_disposal_errors_total')).toBe(0);
    expect(value('violentutf_orchestrator_pool_max_instances')).toBe(20);
    expect(value('violentutf_orchestrator_pool_instances')).toBe(1);
    expect(value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    const health = await server.client('root').ask('GET', '/health/orchestrators');
    expect(health.json).toMatchObject({
      status: 'ok',
      details: { 'orchestrator-pool': { status: 'up', totalInstances: 1, maxInstances: 20 } },
    });
    const stranger = await server.client('stranger').ask('GET', '/health/orchestrators');
    expect(stranger.json).toMatchObject({ details: { 'orchestrator-pool': { totalInstances: 0 } } });
  });

  it('name no person, no execution, no address and no prompt', async () => {
    const { userId } = await client.get<{ userId: string }>('/api/v2/me');
    for (const secret of ['measured', userId, executionId, String(target.port), 'Prompt', 'campaign'])
      expect(exposed).not.toContain(secret);
    const labels = [...metrics.values()].flatMap(({ samples }) => samples.flatMap((sample) => Object.keys(sample.labels)));
    expect(labels.filter((label) => /user|person|execution|conversation|prompt|item|url|host|address|key|token/i.test(label))).toEqual([]);
  });

  it('are named by the rules of Prometheus: base units, `_total` on what is counted and on nothing else, a type and a help', () => {
    for (const { name, help, type, samples } of metrics.values()) {
      expect([name, type]).toEqual([name, expect.stringMatching(/^(counter|gauge|histogram)$/)]);
      expect([name, help]).toEqual([name, expect.stringMatching(/\S/)]);
      expect(name).toMatch(/^(violentutf|process|nodejs)_[a-z0-9_]*[a-z0-9]$/);
      if (!name.startsWith('violentutf_')) continue;
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(name).not.toMatch(/_(milliseconds|ms|minutes|hours|kilobytes|megabytes|mb|kb|percent)(_|$)/);
      expect(name).not.toMatch(/_(bucket|sum|count|gauge|counter|histogram)$/);
      if (/duration|latency|idle/.test(name)) expect(name).toMatch(/_seconds$/);
      for (const sample of samples) {
        for (const [label, of] of Object.entries(sample.labels)) {
          expect([name, label]).toEqual([name, expect.stringMatching(/^[a-z][a-z_]*$/)]);
          expect([name, label, of.length]).toEqual([name, label, expect.any(Number)]);
          expect(of).not.toBe('');
        }
        expect([name, sample.value >= 0]).toEqual([name, true]);
      }
      // No two samples may be the same.
      const keys = samples.map((sample) => sample.name + JSON.stringify(Object.entries(sample.labels)));
      expect([name, new Set(keys).size]).toEqual([name, keys.length]);
    }
  });

  it('are all explained to the operator, and no others are', async () => {
    const page = await readFile(join(ROOT, 'docs/operating.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(violentutf_\w+)` +\| (\w+) +\| ([^|]*)\|/gm)];
    const told = rows.map(([, name = '', type = '', labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
    }));
    const there = [...metrics.values()]
      .filter(({ name }) => name.startsWith('violentutf_'))
      .map(({ name, type, samples }) => ({
        name,
        type,
        labels: [...new Set(samples.flatMap((sample) => Object.keys(sample.labels)))].filter((label) => label !== 'le').sort(),
      }));
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    expect(told.sort(byName)).toEqual(there.sort(byName));
    const others = [...metrics.keys()].filter((name) => !/^(violentutf|process|nodejs)_/.test(name));
    expect(others).toEqual([]);
    for (const prefix of ['process_', 'nodejs_']) expect(page).toContain(`\`${prefix}…\``);
  });
});

/** All names and labels in an expression must be there. */
function expectThere(where: string, expression: string): void {
  const { selectors, grouping } = readExpression(expression);
  expect([where, selectors.length]).not.toEqual([where, 0]);
  const known = new Set(['instance', 'job']);
  for (const { name, labels } of selectors) {
    // What Prometheus itself knows of what it scrapes.
    if (name === 'up') continue;
    const samples = [...metrics.values()].flatMap((family) => family.samples).filter((sample) => sample.name === name);
    expect([where, name, samples.length > 0]).toEqual([where, name, true]);
    const own = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
    for (const label of own) known.add(label);
    for (const label of labels) expect([where, name, label, own.has(label)]).toEqual([where, name, label, true]);
  }
  for (const label of grouping) expect([where, label, known.has(label)]).toEqual([where, label, true]);
}

describe('What watches the metrics', () => {
  interface Rule {
    readonly alert: string;
    readonly expr: string;
    readonly for: string;
    readonly labels: { readonly severity: string };
    readonly annotations: { readonly summary: string; readonly description: string };
  }

  const yaml = async <T>(path: string): Promise<T> => load(await readFile(join(ROOT, path), 'utf8')) as T;

  it('as alert rules names only what is there, says how severe it is and what to do, and is explained to the operator', async () => {
    const page = await readFile(join(ROOT, 'docs/operating.md'), 'utf8');
    const files = await readdir(join(ROOT, 'docker/prometheus/rules'));
    expect(files.length).toBeGreaterThan(0);
    const names: string[] = [];
    for (const file of files) {
      const { groups } = await yaml<{ groups: { name: string; rules: Rule[] }[] }>(`docker/prometheus/rules/${file}`);
      for (const rule of groups.flatMap((group) => group.rules)) {
        expectThere(rule.alert, rule.expr);
        expect(rule).toEqual({
          alert: expect.stringMatching(/^[A-Z][A-Za-z]+$/),
          expr: expect.any(String),
          for: expect.stringMatching(/^\d+[smh]$/),
          labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
          annotations: { summary: expect.stringMatching(/^[A-Z].*\.$/), description: expect.stringMatching(/^[A-Z].*\.$/) },
        });
        // What the text takes from the labels must be left over by the expression.
        const taken = [...JSON.stringify(rule.annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
        for (const label of taken)
          expect([rule.alert, rule.expr.includes(label) || !rule.expr.startsWith('sum')]).toEqual([rule.alert, true]);
        expect(page).toContain(`\`${rule.alert}\``);
        names.push(rule.alert);
      }
    }
    expect(new Set(names).size).toBe(names.length);
  });

  it('as a board names only what is there', async () => {
    interface Panel {
      readonly id: number;
      readonly title: string;
      readonly type: string;
      readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
    }
    const board = JSON.parse(await readFile(join(ROOT, 'docker/grafana/dashboards/violentutf.json'), 'utf8')) as { panels: Panel[] };
    const panels = board.panels.filter(({ type }) => type !== 'row');
    expect(panels.length).toBeGreaterThan(20);
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    for (const { title, targets = [] } of panels) {
      expect([title, targets.length > 0]).toEqual([title, true]);
      for (const { expr } of targets) expectThere(title, expr);
    }
  });

  it('is started by files that fit together', async () => {
    interface Service {
      readonly volumes?: readonly string[];
    }
    const { services } = await yaml<{ services: Record<string, Service> }>('docker/compose.monitoring.yaml');
    const { services: base } = await yaml<{ services: Record<string, Service> }>('docker/compose.yaml');
    expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(base)));
    const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes.filter((volume) => volume.startsWith('./')));
    for (const volume of mounted) await expect(readdirOrFile(join(ROOT, 'docker', volume.split(':')[0] ?? ''))).resolves.toBeDefined();
    const { scrape_configs: jobs } = await yaml<{ scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[] }>(
      'docker/prometheus/prometheus.yml',
    );
    expect(jobs.map(({ job_name }) => job_name)).toEqual(['violentutf']);
    expect(jobs[0]?.static_configs[0]?.targets).toEqual(['violentutf:8080']);
  });

  const readdirOrFile = (path: string): Promise<unknown> => readdir(path).catch(() => readFile(path));
});

describe('The door to the metrics', () => {
  const ask = async (headers: Record<string, string>, path = '/metrics') => (await server.clientWith(headers).ask('GET', path)).status;
  const elsewhere = { 'x-forwarded-for': '203.0.113.5' };

  it('is open for this machine, and for people with a token: not for a proxy, another name, or another machine', async () => {
    expect(await ask({})).toBe(200);
    expect(await ask(elsewhere)).toBe(401);
    expect(await ask({ forwarded: 'for=203.0.113.5' })).toBe(401);
    const address = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    if (address !== undefined) {
      const url = server.url.replace(/\/\/[^:]+/, `//${address}`);
      expect((await fetch(`${url}/metrics`)).status).toBe(401);
    }
    expect((await client.ask('GET', '/metrics', { headers: elsewhere })).status).toBe(200);
  });

  it('is open for the scraper with its own token, which opens nothing else', async () => {
    const scraper = { authorization: `Bearer ${TOKEN}` };
    expect(await ask({ ...elsewhere, ...scraper })).toBe(200);
    for (const wrong of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, TOKEN, 'Bearer ']) {
      expect([wrong, await ask({ ...elsewhere, authorization: wrong })]).toEqual([wrong, 401]);
    }
    for (const path of ['/api/v2/me', '/health', '/health/database', '/api/v2/generators']) {
      expect([path, await ask(scraper, path)]).toEqual([path, 401]);
    }
    expect(exposed).not.toContain(TOKEN);
    expect(server.log.filter((line) => line.includes(TOKEN))).toEqual([]);
  });
});
