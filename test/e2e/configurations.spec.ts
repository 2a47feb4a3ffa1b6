import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConfigurationDto, PluginTypeDto } from '../../src/configurations/configuration.dto.js';
import type { DatasetDto, PromptDto } from '../../src/datasets/dataset.dto.js';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { Client, Noun } from '../server/client.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

const NOUNS = ['generators', 'converters', 'scorers', 'orchestrators'] as const;
const KEY = 'sk-osprey-0123456789-abcd';

let server: ServerProcess;
let target: OpenAiTarget;
let client: Client;

beforeAll(async () => {
  server = await ServerProcess.start();
  target = await OpenAiTarget.start({ reply: 'fine' });
  client = server.client('ada');
}, 60_000);

afterAll(async () => {
  await target[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

interface Example {
  readonly type: string;
  readonly before: object;
  readonly after: object;
}

/** A configuration of each noun that is right, and how it can be changed. */
const EXAMPLES: Readonly<Record<Noun, () => Promise<Example>>> = {
  generators: async () => ({ type: 'echo', before: { prefix: 'a' }, after: { prefix: 'b' } }),
  converters: async () => ({ type: 'caesar', before: { shift: 3 }, after: { shift: 5 } }),
  scorers: async () => ({ type: 'substring', before: { substring: 'a' }, after: { substring: ['b', 'c'], match: 'all' } }),
  orchestrators: async () => {
    const generatorId = await client.create('generators', `of an orchestrator ${randomUUID()}`, 'echo');
    return { type: 'prompt-sending', before: { generatorId }, after: { generatorId, maxRetries: 2 } };
  },
};

describe.each(NOUNS)('%s', (noun) => {
  const path = `/api/v2/${noun}`;

  it('are created, read, listed, changed and deleted, each change from the revision it was based on', async () => {
    const { type, before, after } = await EXAMPLES[noun]();
    const answer = await client.ask('POST', path, { body: { name: 'one', type, parameters: before } });
    const created = answer.json as ConfigurationDto;
    expect(answer).toMatchObject({ status: 201, json: { name: 'one', type, revision: 1, parameters: before } });
    expect(answer.headers.get('location')).toBe(`${path}/${created.id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    const one = `${path}/${created.id}`;
    expect(await client.get(one)).toEqual(created);
    expect((await client.all<ConfigurationDto>(path, 1)).map(({ name }) => name)).toContain('one');

    const changed = await client.ask('PATCH', one, { body: { name: 'two', parameters: after }, headers: { 'if-match': '"1"' } });
    expect(changed).toMatchObject({
      status: 200,
      json: { name: 'two', type, revision: 2, parameters: after, createdAt: created.createdAt },
    });
    expect(changed.headers.get('etag')).toBe('"2"');
    const stale = await client.ask('PATCH', one, { body: { name: 'three' }, headers: { 'if-match': '"1"' } });
    expect(stale).toMatchObject({ status: 412, problem: { type: '/problems/stale-revision' } });
    const malformed = await client.ask('PATCH', one, { body: { name: 'three' }, headers: { 'if-match': 'two' } });
    expect(malformed.status).toBe(400);
    expect((await client.ask('DELETE', one, { headers: { 'if-match': '"1"' } })).status).toBe(412);
    expect(await client.get(one)).toMatchObject({ name: 'two', revision: 2 });

    const same = await client.ask('POST', path, { body: { name: 'two', type, parameters: before } });
    expect(same).toMatchObject({ status: 409, problem: { type: '/problems/conflict', detail: expect.stringContaining("called 'two'") } });
    const deleted = await client.ask('DELETE', one, { headers: { 'if-match': '"2"' } });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await client.ask('GET', one)).status).toBe(404);
    expect((await client.ask('DELETE', one)).status).toBe(404);
  });

  it('are done once under one Idempotency-Key, however often they are asked for', async () => {
    const { type, before } = await EXAMPLES[noun]();
    const headers = { 'idempotency-key': `create ${noun}`.replace(' ', '-') };
    const body = { name: 'only once', type, parameters: before };
    const first = await client.ask('POST', path, { body, headers });
    const again = await client.ask('POST', path, { body, headers });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect([again.status, again.json, again.headers.get('location')]).toEqual([201, first.json, first.headers.get('location')]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await client.ask('POST', path, { body: { ...body, name: 'another' }, headers });
    expect(other).toMatchObject({ status: 422, problem: { type: '/problems/idempotency-key-reused' } });
    expect((await client.all<ConfigurationDto>(path)).filter(({ name }) => name === 'only once')).toHaveLength(1);
  });

  it('have types, each with a JSON Schema that says what its parameters are', async () => {
    const types = await client.get<PluginTypeDto[]>(`${path}/types`);
    expect(types.length).toBeGreaterThan(0);
    expect(types.map(({ name }) => name)).toEqual(types.map(({ name }) => name).sort());
    for (const { name, title, description, schema, secrets } of types) {
      expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect([title, description].every((text) => text.length > 2)).toBe(true);
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
      const properties = (schema['properties'] ?? {}) as Record<string, { description?: string }>;
      for (const [property, { description: meaning }] of Object.entries(properties))
        expect(`${name}.${property}: ${meaning}`).toMatch(/: .{5,}/);
      for (const secret of secrets) expect(Object.keys(properties)).toContain(secret);
      const answer = await client.ask('POST', path, { body: { name: `wrong ${name}`, type: name, parameters: { colour: 'red' } } });
      expect(answer.status).toBe(400);
      expect(answer.problem?.errors?.map(({ pointer }) => pointer)).toContain('/parameters/colour');
    }
  });
});

describe('Requests at the same time', () => {
  it('under one Idempotency-Key do one thing: the others are told to wait, or get its answer', async () => {
    const headers = { 'idempotency-key': 'at-once' };
    const body = { name: 'at once', prompts: Array.from({ length: 2_000 }, (_, index) => `Prompt ${index}`) };
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.ask('POST', '/api/v2/datasets', { body, headers })));
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer).toMatchObject({ status: 409, problem: { type: '/problems/request-in-progress', retryAfter: 1 } });
    }
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    expect((await client.all<DatasetDto>('/api/v2/datasets')).filter(({ name }) => name === 'at once')).toHaveLength(1);
  });

  it('that change one revision: one succeeds, the others are stale', async () => {
    const id = await client.create('converters', 'contended', 'caesar', { shift: 1 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        client.ask('PATCH', `/api/v2/converters/${id}`, { body: { parameters: { shift: index + 2 } }, headers: { 'if-match': '"1"' } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, ...Array.from({ length: 7 }, () => 412)]);
    const winner = answers.find(({ status }) => status === 200);
    expect(await client.get(`/api/v2/converters/${id}`)).toEqual(winner?.json);
  });
});

describe('A secret', () => {
  it('is taken and used, and never shown, stored in clear or logged', async () => {
    const id = await client.generator('secret', target.baseUrl, { apiKey: KEY });
    const path = `/api/v2/generators/${id}`;
    const sent = async (): Promise<string | undefined> => {
      await client.post(`${path}/test`, { prompt: 'Hello.' });
      return target.last?.headers.authorization;
    };
    const shown = await client.get<ConfigurationDto>(path);
    expect(shown.parameters['apiKey']).toEqual({ set: true, hint: '…abcd' });
    expect(await sent()).toBe(`Bearer ${KEY}`);

    await client.patch(path, { parameters: { baseUrl: target.baseUrl, model: 'left out' } });
    expect(await sent()).toBe(`Bearer ${KEY}`);
    await client.patch(path, { parameters: { ...shown.parameters, model: 'sent back as it was shown' } });
    expect(await sent()).toBe(`Bearer ${KEY}`);
    await client.patch(path, { name: 'only renamed' });
    expect(await sent()).toBe(`Bearer ${KEY}`);
    await server.restart();
    expect(await sent()).toBe(`Bearer ${KEY}`);

    const orchestrator = await client.orchestrator('with a secret', { generatorId: id });
    const { id: execution } = await client.execute(orchestrator, { prompts: ['Hello.'] });
    await client.ended(execution);
    for (const list of ['generators', 'orchestrators', `executions/${execution}/results`, 'memory/messages']) {
      expect((await client.ask('GET', `/api/v2/${list}`)).text).not.toContain(KEY);
    }
    // Also not in the log of what is not checkpointed yet, in answers kept for idempotency keys, or in what the catalog audits.
    const replayed = { name: 'kept answer', type: 'openai-compatible', parameters: { baseUrl: target.baseUrl, model: 'm', apiKey: KEY } };
    await client.post('/api/v2/generators', replayed, { 'idempotency-key': 'secret' });
    await client.ask('POST', '/api/v2/generators', { body: { ...replayed, parameters: { ...replayed.parameters, temperature: 'hot' } } });
    await expectNowhere(KEY);
    await server.stop();
    await expectNowhere(KEY);
    await server.boot();

    await client.patch(path, { parameters: { baseUrl: target.baseUrl, model: 'm', apiKey: `${KEY}-new` } });
    expect(await sent()).toBe(`Bearer ${KEY}-new`);
    await client.patch(path, { parameters: { baseUrl: target.baseUrl, model: 'm', apiKey: null } });
    expect((await client.get<ConfigurationDto>(path)).parameters).not.toHaveProperty('apiKey');
    expect(await sent()).toBeUndefined();
  }, 60_000);

  /** Searches every file of the data directory, byte by byte, and the log. */
  async function expectNowhere(secret: string): Promise<void> {
    const entries = await readdir(server.dataDir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    expect(files.some((file) => file.includes('pyrit_memory_'))).toBe(true);
    for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, -4), Buffer.from(secret).toString('hex')]) {
      for (const file of files) expect(`${file}: ${(await readFile(file)).includes(form)}`).toBe(`${file}: false`);
      expect(server.log.filter((line) => line.includes(form))).toEqual([]);
    }
  }

  it('may be one that the operator keeps in a variable or a file, if the operator allows it', async () => {
    const keys = join(server.dataDir, '..', 'keys');
    await mkdir(keys);
    await writeFile(join(keys, 'target'), 'from-a-file\n');
    await server.restart({ GENERATOR_SECRET_ENV: 'TARGET_KEY', TARGET_KEY: 'from-the-environment', GENERATOR_SECRET_DIR: keys });
    const id = await client.generator('by reference', target.baseUrl, { apiKey: { env: 'TARGET_KEY' } });
    expect((await client.get<ConfigurationDto>(`/api/v2/generators/${id}`)).parameters['apiKey']).toEqual({ set: true, env: 'TARGET_KEY' });
    await client.post(`/api/v2/generators/${id}/test`, { prompt: 'Hello.' });
    expect(target.last?.headers.authorization).toBe('Bearer from-the-environment');
    const byFile = await client.generator('by file', target.baseUrl, { apiKey: { file: 'target' } });
    await client.post(`/api/v2/generators/${byFile}/test`, { prompt: 'Hello.' });
    expect(target.last?.headers.authorization).toBe('Bearer from-a-file');
    const other = await client.ask('POST', '/api/v2/generators', {
      body: {
        name: 'not allowed',
        type: 'openai-compatible',
        parameters: { baseUrl: target.baseUrl, model: 'm', apiKey: { env: 'JWT_SECRET_KEY' } },
      },
    });
    expect(other.problem?.errors).toEqual([expect.objectContaining({ pointer: '/parameters/apiKey' })]);
    await server.restart({});
    const gone = await client.ask('POST', `/api/v2/generators/${id}/test`, { body: { prompt: 'Hello.' } });
    expect(gone).toMatchObject({ status: 400, problem: { detail: expect.stringContaining('TARGET_KEY') } });
  }, 60_000);
});

describe('What something refers to', () => {
  it('can not be deleted before it', async () => {
    const generatorId = await client.create('generators', 'referred to', 'echo');
    const judge = await client.create('generators', 'judging', 'echo');
    const converter = await client.create('converters', 'referred to', 'base64');
    const scorer = await client.create('scorers', 'referred to', 'self-ask-true-false', { generatorId: judge, question: 'Is it?' });
    const orchestrator = await client.orchestrator('referring', { generatorId, converterChains: [[converter]], scorerIds: [scorer] });
    const referred = [`generators/${generatorId}`, `generators/${judge}`, `converters/${converter}`, `scorers/${scorer}`];
    for (const path of referred) {
      const answer = await client.ask('DELETE', `/api/v2/${path}`);
      expect(answer).toMatchObject({
        status: 409,
        problem: { type: '/problems/conflict', detail: expect.stringMatching(/still used by (orchestrator|scorer) '/) },
      });
    }
    await client.delete(`/api/v2/orchestrators/${orchestrator}`);
    for (const path of [...referred].reverse()) await client.delete(`/api/v2/${path}`);
  });
});

describe('A dataset', () => {
  it('is kept in order, without duplicates, whichever way it came in', async () => {
    const prompts = ['first', { value: 'second', harmCategories: ['a', 'b'], metadata: { source: 'x', n: 1 } }, 'first', '  third\n', '😀'];
    const created = await client.post<DatasetDto>('/api/v2/datasets', { name: 'by JSON', description: 'Five.', prompts });
    expect(created).toMatchObject({ promptCount: 4, duplicateCount: 1, source: 'json', description: 'Five.' });
    const read = await client.all<PromptDto>(`/api/v2/datasets/${created.id}/prompts`, 2);
    expect(read.map(({ position, value }) => [position, value])).toEqual([
      [0, 'first'],
      [1, 'second'],
      [2, '  third\n'],
      [3, '😀'],
    ]);
    expect(read[1]).toMatchObject({ harmCategories: ['a', 'b'], metadata: { source: 'x', n: 1 } });

    const csv = 'value,harm_categories,source\r\nfirst,,\r\nsecond,a;b,x\r\n"  third\n",,\r\n😀,,\r\n';
    const uploads = [
      ['prompts.csv', csv],
      ['prompts.jsonl', '"first"\n{"prompt":"second","harm_categories":["a","b"]}\n"  third\\n"\n"😀"\n'],
      ['prompts.json', JSON.stringify(prompts)],
    ] as const;
    for (const [filename, content] of uploads) {
      const answer = await client.upload(filename, filename, content);
      expect(answer.status).toBe(201);
      expect(answer.json).toMatchObject({ promptCount: 4, contentHash: created.contentHash });
      const { id } = answer.json as DatasetDto;
      const prompts = await client.all<PromptDto>(`/api/v2/datasets/${id}/prompts`);
      expect(prompts.map((prompt) => [prompt.id, prompt.value])).toEqual(read.map((prompt) => [prompt.id, prompt.value]));
      expect(prompts[1]?.harmCategories).toEqual(['a', 'b']);
    }
  });

  it('may hold 100,000 prompts, and not one more', async () => {
    const lines = (count: number): string => Array.from({ length: count }, (_, index) => `Prompt ${index}\n`).join('');
    const answer = await client.upload('large', 'large.txt', lines(100_000));
    expect(answer).toMatchObject({ status: 201, json: { promptCount: 100_000 } });
    const refused = await client.upload('too large', 'large.txt', lines(100_001));
    expect(refused).toMatchObject({ status: 403, problem: { type: '/problems/quota-exceeded' } });
    expect((await client.all<DatasetDto>('/api/v2/datasets')).map(({ name }) => name)).not.toContain('too large');
    expect(await client.get('/api/v2/memory/stats')).toMatchObject({ prompts: 100_000 + 2_000 + 4 * 4 });
  }, 60_000);
});

describe('A running execution', () => {
  it('is not changed by what becomes of its configurations and its dataset', async () => {
    target.behave = ({ content }) => ({ reply: `You said: ${content}`, delayMs: 20 });
    const generatorId = await client.generator('in use', target.baseUrl, { apiKey: KEY, maxInFlight: 10, systemPrompt: 'Before.' });
    const converter = await client.create('converters', 'in use', 'template', { template: 'before {{ prompt }}' });
    const scorer = await client.create('scorers', 'in use', 'substring', { substring: 'before' });
    const parameters = { generatorId, converterChains: [[converter]], scorerIds: [scorer] };
    const orchestrator = await client.orchestrator('in use', parameters);
    const prompts = Array.from({ length: 400 }, (_, index) => `Prompt ${index}`);
    const dataset = await client.dataset('in use', prompts);
    const { id, planHash } = await client.execute(orchestrator, { datasetId: dataset });
    await client.until(id, ({ coverage }) => coverage.scored > 50);

    await client.patch(`/api/v2/generators/${generatorId}`, {
      name: 'changed',
      parameters: { baseUrl: 'http://nowhere.invalid', model: 'x', apiKey: null },
    });
    await client.patch(`/api/v2/converters/${converter}`, { name: 'changed', parameters: { template: 'after {{ prompt }}' } });
    await client.patch(`/api/v2/scorers/${scorer}`, { name: 'changed', parameters: { substring: 'after' } });
    const orchestratorOnly = { generatorId: await client.create('generators', 'not in use', 'echo') };
    await client.patch(`/api/v2/orchestrators/${orchestrator}`, { name: 'changed', parameters: orchestratorOnly });
    const used = [
      `/api/v2/datasets/${dataset}`,
      `/api/v2/orchestrators/${orchestrator}`,
      `/api/v2/scorers/${scorer}`,
      `/api/v2/converters/${converter}`,
      `/api/v2/generators/${generatorId}`,
    ];
    for (const path of used) {
      const refused = await client.ask('DELETE', path);
      expect({ path, status: refused.status, detail: refused.problem?.detail }).toEqual({
        path,
        status: 409,
        detail: `The execution ${id} uses it and has not ended. Wait for it, or cancel it first.`,
      });
    }
    expect((await client.execution(id)).coverage.open).toBeGreaterThan(0);
    await server.restart();

    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'completed', planHash, orchestratorName: 'in use', coverage: { planned: 400, scored: 400 } });
    for (const path of used) await client.delete(path);
    const results = await client.results(id);
    expect(results.map((result) => result.response)).toEqual(prompts.map((prompt) => `You said: before ${prompt}`));
    for (const { converters, scores } of results) {
      expect({ converters, scores: scores.map(({ scorer: name, value }) => [name, value]) }).toEqual({
        converters: ['in use'],
        scores: [['in use', 'true']],
      });
    }
    expect(target.last?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(target.last?.body?.['messages']).toEqual([expect.objectContaining({ content: 'Before.' }), expect.anything()]);
  }, 60_000);
});

describe('A dataset that is deleted while an execution of it is being planned', () => {
  it('is planned whole, or not at all', async () => {
    const generatorId = await client.create('generators', 'for a race', 'echo');
    const orchestrator = await client.orchestrator('for a race', { generatorId });
    const before = await client.all('/api/v2/executions');
    const prompts = Array.from({ length: 20_000 }, (_, index) => `Prompt ${index}`);
    for (const waitMs of [10, 60, 120, 200]) {
      const datasetId = await client.dataset(`deleted after ${waitMs} ms`, prompts);
      const launched = client.ask('POST', `/api/v2/orchestrators/${orchestrator}/executions`, { body: { datasetId } });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const deleted = await client.ask('DELETE', `/api/v2/datasets/${datasetId}`);
      const answer = await launched;
      // Once it is planned, it is in use.
      expect(deleted.status).toBe(answer.status === 202 && deleted.status === 409 ? 409 : 204);
      if (answer.status === 202) {
        const { id, coverage } = answer.json as ExecutionDto;
        expect(coverage.planned).toBe(20_000);
        await client.ask('POST', `/api/v2/executions/${id}/cancel`);
        expect((await client.ended(id)).coverage.planned).toBe(20_000);
        await client.delete(`/api/v2/executions/${id}`);
      } else {
        expect([404, 409]).toContain(answer.status);
      }
    }
    expect(await client.all('/api/v2/executions')).toEqual(before);
  }, 60_000);
});
