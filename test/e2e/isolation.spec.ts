import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionDto } from '../../src/executions/execution.dto.js';
import type { ResultDto } from '../../src/executions/result.dto.js';
import type { Answer, Client } from '../server/client.js';
import { ServerProcess } from '../server/server-process.js';
import { OpenAiTarget } from '../targets/openai-target.js';

/** A word that stands in everything that A has, so that whatever of A's shows itself is seen. */
const MARK = 'kestrel';

/** What A has, by noun. */
interface Ids {
  readonly generator: string;
  readonly dataset: string;
  readonly converter: string;
  readonly scorer: string;
  readonly orchestrator: string;
  readonly execution: string;
  readonly conversation: string;
  readonly message: string;
  readonly apiKey: string;
  readonly user: string;
  readonly alias: string;
}

interface Probe {
  /** What the ids in the path stand for, in their order. */
  readonly path?: readonly (keyof Ids)[];
  readonly query?: (ids: Ids) => string;
  readonly body?: (ids: Ids) => unknown;
}

const named = { name: 'renamed' };

/**
 * Every route that takes an id of something that belongs to somebody, with a request that its owner succeeds with. In this order the owner sends
 * them at the end, so what others refer to is deleted after them.
 */
const OWNED: Readonly<Record<string, Probe>> = {
  'GET /api/v2/api-keys/{id}': { path: ['apiKey'] },
  'GET /api/v2/generators/{id}': { path: ['generator'] },
  'PATCH /api/v2/generators/{id}': { path: ['generator'], body: () => named },
  'POST /api/v2/generators/{id}/test': { path: ['generator'], body: () => ({ prompt: 'Hello.' }) },
  'GET /api/v2/converters/{id}': { path: ['converter'] },
  'PATCH /api/v2/converters/{id}': { path: ['converter'], body: () => named },
  'GET /api/v2/scorers/{id}': { path: ['scorer'] },
  'PATCH /api/v2/scorers/{id}': { path: ['scorer'], body: () => named },
  'GET /api/v2/datasets/{id}': { path: ['dataset'] },
  'GET /api/v2/datasets/{id}/prompts': { path: ['dataset'] },
  'GET /api/v2/orchestrators/{id}': { path: ['orchestrator'] },
  'PATCH /api/v2/orchestrators/{id}': { path: ['orchestrator'], body: () => named },
  'POST /api/v2/orchestrators/{orchestratorId}/executions/preview': { path: ['orchestrator'], body: () => ({ prompts: ['Hello.'] }) },
  'POST /api/v2/orchestrators/{orchestratorId}/executions': { path: ['orchestrator'], body: () => ({ prompts: ['Hello.'] }) },
  'GET /api/v2/executions/{id}': { path: ['execution'] },
  'GET /api/v2/executions/{id}/summary': { path: ['execution'] },
  'GET /api/v2/executions/{id}/events': { path: ['execution'] },
  'GET /api/v2/executions/{id}/items': { path: ['execution'] },
  'GET /api/v2/executions/{id}/results': { path: ['execution'] },
  'GET /api/v2/executions/{id}/export': { path: ['execution'] },
  'POST /api/v2/executions/{id}/pause': { path: ['execution'] },
  'POST /api/v2/executions/{id}/resume': { path: ['execution'], body: () => ({}) },
  'POST /api/v2/executions/{id}/cancel': { path: ['execution'] },
  'GET /api/v2/memory/conversations/{id}': { path: ['conversation'] },
  'POST /api/v2/memory/conversations/{id}/duplicate': { path: ['conversation'] },
  'DELETE /api/v2/orchestrator-pool/{orchestratorId}': { path: ['orchestrator'] },
  'DELETE /api/v2/executions/{id}': { path: ['execution'] },
  'DELETE /api/v2/orchestrators/{id}': { path: ['orchestrator'] },
  'DELETE /api/v2/datasets/{id}': { path: ['dataset'] },
  'DELETE /api/v2/scorers/{id}': { path: ['scorer'] },
  'DELETE /api/v2/converters/{id}': { path: ['converter'] },
  'DELETE /api/v2/generators/{id}': { path: ['generator'] },
  'DELETE /api/v2/api-keys/{id}': { path: ['apiKey'] },
};

function fileOf(name: string, content: string): FormData {
  const form = new FormData();
  form.set('name', name);
  form.set('file', new File([content], 'prompts.txt'));
  return form;
}

/** Every route that is for administrators. */
const ADMIN: Readonly<Record<string, Probe>> = {
  'GET /api/v2/users': {},
  'GET /api/v2/users/{id}/aliases': { path: ['user'] },
  'POST /api/v2/users/{id}/aliases': { path: ['user'], body: () => ({ issuer: 'shared-secret', name: 'taken-over' }) },
  'DELETE /api/v2/users/{id}/aliases/{aliasId}': { path: ['user', 'alias'] },
  'GET /api/v2/identity-flips': {},
  'POST /api/v2/users/{id}/strangers': { path: ['user'], body: () => ({ issuer: 'shared-secret', name: 'somebody-else' }) },
  'GET /api/v2/migration/legacy/scans': {},
  'POST /api/v2/migration/legacy/scans': {},
  'GET /api/v2/migration/legacy/scans/{id}': { path: ['user'] },
  'GET /api/v2/migration/legacy/scans/{id}/report': { path: ['user'] },
  'GET /api/v2/migration/legacy/plans': {},
  'POST /api/v2/migration/legacy/plans': {},
  'GET /api/v2/migration/legacy/plans/{id}': { path: ['user'] },
  'GET /api/v2/migration/legacy/plans/{id}/report': { path: ['user'] },
  'GET /api/v2/migration/legacy/runs': {},
  'POST /api/v2/migration/legacy/runs': { body: ({ user }) => ({ planId: user }) },
  'GET /api/v2/migration/legacy/runs/{id}': { path: ['user'] },
  'GET /api/v2/migration/legacy/runs/{id}/events': { path: ['user'] },
  'POST /api/v2/migration/legacy/runs/{id}/undo': { path: ['user'] },
  'GET /api/v2/migration/legacy/reports/{id}': { path: ['user'] },
  'GET /api/v2/migration/legacy/assignments': {},
  'POST /api/v2/migration/legacy/assignments': { body: ({ user }) => ({ file: '0'.repeat(64), userId: user }) },
  'GET /api/v2/alerts': {},
  'GET /api/v2/alerts/{id}': { path: ['user'] },
  'POST /api/v2/alerts/{id}/acknowledge': { path: ['user'] },
  'POST /api/v2/alerts/test': {},
  'GET /api/v2/migration/rescues': {},
  'POST /api/v2/migration/rescues/{id}/put-back': { path: ['user'] },
  'POST /api/v2/migration/merges/plans': { body: ({ user }) => ({ fromUserId: user, intoUserId: user }) },
  'GET /api/v2/migration/merges/plans/{id}': { path: ['user'] },
  'GET /api/v2/migration/merges/plans/{id}/report': { path: ['user'] },
  'POST /api/v2/migration/merges/runs': { body: ({ user }) => ({ planId: user }) },
  'GET /api/v2/migration/merges/runs': {},
  'GET /api/v2/migration/merges/runs/{id}': { path: ['user'] },
  'POST /api/v2/migration/merges/runs/{id}/undo': { path: ['user'] },
  'GET /api/v2/migration/merges/reports/{id}': { path: ['user'] },
  'GET /api/v2/backups': {},
  'POST /api/v2/backups': { body: ({ user }) => ({ userId: user }) },
  'GET /api/v2/backups/{id}': { path: ['user'] },
  'POST /api/v2/backups/{id}/verify': { path: ['user'] },
  'DELETE /api/v2/backups/{id}': { path: ['user'] },
  'POST /api/v2/stores/{userId}/compact': { path: ['user'] },
  'GET /api/v2/erasures': {},
  'GET /api/v2/erasures/{id}': { path: ['user'] },
  // The last: nothing of A is left then.
  'POST /api/v2/users/{id}/erasures': { path: ['user'], body: ({ user }) => ({ confirm: user }) },
};

/** Every route that shows what the caller has, or what nobody has. */
const OWN: Readonly<Record<string, Probe>> = {
  'GET /api/v2/me': {},
  'GET /api/v2/me/retention': {},
  'GET /api/v2/me/retention/preview': { query: () => '?executionsDays=1' },
  'PUT /api/v2/me/retention': { body: () => ({ executionsDays: null, conversationsDays: null }) },
  'GET /api/v2/api-keys': {},
  'GET /api/v2/generators': {},
  'GET /api/v2/generators/types': {},
  'GET /api/v2/converters': {},
  'GET /api/v2/converters/types': {},
  'GET /api/v2/scorers': {},
  'GET /api/v2/scorers/types': {},
  'GET /api/v2/orchestrators': {},
  'GET /api/v2/orchestrators/types': {},
  'GET /api/v2/datasets': {},
  'GET /api/v2/executions': { query: ({ orchestrator }) => `?orchestratorId=${orchestrator}` },
  'GET /api/v2/orchestrator-pool': {},
  'GET /health': {},
  'GET /health/database': {},
  'GET /health/orchestrators': {},
  'GET /api/v2/memory/messages': { query: ({ conversation }) => `?conversationId=${conversation}` },
  'GET /api/v2/memory/scores': { query: ({ message }) => `?messageId=${message}` },
  'GET /api/v2/memory/stats': {},
  'POST /api/v2/converters/preview': { body: () => ({ chain: [{ type: 'base64' }], texts: ['Hello.'] }) },
  'POST /api/v2/scorers/preview': { body: () => ({ type: 'refusal', response: 'Hello.' }) },
  'POST /api/v2/api-keys': { body: () => ({ name: 'mine', scopes: ['read'] }) },
  'POST /api/v2/converters': { body: () => ({ name: 'mine', type: 'base64' }) },
  'POST /api/v2/generators': { body: () => ({ name: 'mine', type: 'echo' }) },
  'POST /api/v2/datasets': { body: () => ({ name: 'mine', prompts: ['Hello.'] }) },
  'POST /api/v2/datasets/upload': { body: () => fileOf('mine too', 'Hello.') },
};

/** Every route that takes ids in its body: each is tried below with those of A. */
const REFERRING = ['POST /api/v2/scorers', 'POST /api/v2/orchestrators'];

/** Every route that is there for anybody. */
const PUBLIC = ['GET /health/live', 'GET /health/ready', 'GET /metrics'];

let server: ServerProcess;
let target: OpenAiTarget;
let a: Client;
let b: Client;
let ids: Ids;

beforeAll(async () => {
  server = await ServerProcess.start({ env: { ADMIN_USERS: 'root' } });
  target = await OpenAiTarget.start({ reply: `The ${MARK} flies.` });
  a = server.client('ada');
  b = server.client('bob');
  ids = await settle(a);
}, 60_000);

afterAll(async () => {
  await target[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Gives a person one of everything. */
async function settle(person: Client): Promise<Ids> {
  const generator = await person.generator(`${MARK} generator`, target.baseUrl, { systemPrompt: MARK });
  const converter = await person.create('converters', `${MARK} converter`, 'base64');
  const scorer = await person.create('scorers', `${MARK} scorer`, 'substring', { substring: MARK });
  const parameters = { generatorId: generator, converterChains: [[converter], []], scorerIds: [scorer] };
  const orchestrator = await person.orchestrator(`${MARK} orchestrator`, parameters);
  const dataset = await person.dataset(`${MARK} dataset`, [`Where is the ${MARK}?`, `Who is the ${MARK}?`]);
  const { id: execution } = await person.execute(orchestrator, { datasetId: dataset, labels: { bird: MARK } });
  await person.ended(execution);
  const [result] = await person.results(execution);
  const conversation = result?.conversationId ?? '';
  const { messages } = await person.get<{ messages: { id: string }[] }>(`/api/v2/memory/conversations/${conversation}`);
  const { id: apiKey } = await person.post<{ id: string }>('/api/v2/api-keys', { name: MARK, scopes: ['read'] });
  const { userId: user } = await person.get<{ userId: string }>('/api/v2/me');
  const path = `/api/v2/users/${user}/aliases`;
  const { id: alias } = await server.client('root').post<{ id: string }>(path, { issuer: 'shared-secret', name: `${MARK}-alias` });
  const message = messages.at(-1)?.id ?? '';
  return { generator, dataset, converter, scorer, orchestrator, execution, conversation, message, apiKey, user, alias };
}

function send(client: Client, route: string, { path = [], query, body }: Probe, of: Ids): Promise<Answer> {
  const [method = '', template = ''] = route.split(' ');
  const places = [...path];
  const address = template.replaceAll(/\{\w+\}/g, () => {
    const noun = places.shift();
    return noun === undefined ? 'missing' : of[noun];
  });
  return client.ask(method, address + (query ? query(of) : ''), body ? { body: body(of) } : {});
}

/** Asserts that nothing in an answer is A's. */
function expectNothingOf(answer: Answer, allowed: readonly string[] = []): void {
  for (const secret of [MARK, ...Object.values(ids)]) {
    if (!allowed.includes(secret)) expect(answer.text).not.toContain(secret);
  }
}

/** What a client can tell one refusal from another by. */
function told({ status, problem }: Answer, id: string): unknown {
  return { status, ...problem, instance: '', detail: problem?.detail.replaceAll(id, 'ID') };
}

const NOBODYS = '01890a5d-ac96-774b-bcce-b302099a8057';
const nobodys = (): Ids => Object.fromEntries(Object.keys(ids).map((noun) => [noun, NOBODYS])) as unknown as Ids;

describe('Every route', () => {
  it('is known to this test', async () => {
    const { paths } = await b.get<{ paths: Record<string, Record<string, unknown>> }>('/api/openapi.json');
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(served.sort()).toEqual([...Object.keys(OWNED), ...Object.keys(ADMIN), ...Object.keys(OWN), ...REFERRING, ...PUBLIC].sort());
  });

  it.each(Object.entries(OWNED))('%s answers B, with the ids of A, as with those of nobody: 404', async (route, probe) => {
    const answer = await send(b, route, probe, ids);
    const id = ids[probe.path?.[0] ?? 'user'];
    expect(answer.status).toBe(404);
    expect(answer.problem).toMatchObject({ type: '/problems/not-found' });
    expectNothingOf(answer, [id]);
    expect(told(answer, id)).toEqual(told(await send(b, route, probe, nobodys()), NOBODYS));
  });

  it.each(Object.entries(ADMIN))('%s answers B 403', async (route, probe) => {
    const answer = await send(b, route, probe, ids);
    expect(answer.status).toBe(403);
    expectNothingOf(answer);
  });

  it.each(Object.entries(OWN))('%s shows B nothing of A', async (route, probe) => {
    const answer = await send(b, route, probe, ids);
    expect(answer.status).toBeGreaterThanOrEqual(200);
    expect(answer.status).toBeLessThan(300);
    expectNothingOf(answer);
  });
});

describe('Without what it takes', () => {
  const EVERYTHING = { ...OWNED, ...ADMIN, ...OWN };

  it('every route but health answers 401', async () => {
    const nobody = server.clientWith({});
    for (const route of [...Object.keys(EVERYTHING), ...REFERRING]) {
      const answer = await send(nobody, route, EVERYTHING[route] ?? { body: () => ({}) }, ids);
      expect([route, answer.status]).toEqual([route, 401]);
      expectNothingOf(answer);
    }
    for (const route of PUBLIC) expect((await send(nobody, route, {}, ids)).status).toBe(200);
  });

  it("an API key of A's can do what its scopes say, and no more", async () => {
    const keyed = async (scope: string): Promise<Client> => {
      const { key } = await a.post<{ key: string }>('/api/v2/api-keys', { name: scope, scopes: [scope] });
      return server.clientWith({ 'x-api-key': key });
    };
    const [read, write, execute] = [await keyed('read'), await keyed('write'), await keyed('execute')];
    const sends = /^POST .*(\/test|\/executions|\/cancel|\/pause|\/resume)$/;
    const isWrite = (route: string): boolean => !route.startsWith('GET') && !route.endsWith('/preview') && !sends.test(route);
    for (const [route, probe] of Object.entries(OWNED)) {
      // With ids of nobody: what is allowed is not found, and changes nothing.
      const statusOf = async (client: Client): Promise<number> => (await send(client, route, probe, nobodys())).status;
      const allowed = [read, write, execute].indexOf(sends.test(route) ? execute : isWrite(route) ? write : read);
      const statuses = [await statusOf(read), await statusOf(write), await statusOf(execute)];
      // Keys are ended by their owner in person.
      const expected = [403, 403, 403].with(allowed, route === 'DELETE /api/v2/api-keys/{id}' ? 403 : 404);
      expect([route, ...statuses]).toEqual([route, ...expected]);
    }
  });
});

describe('Ids of A in what B sends', () => {
  it.each(['preview', ''])('are refused as ids of nobody in executions/%s of an orchestrator of B', async (suffix) => {
    const generatorId = await b.generator(`own ${suffix}`, target.baseUrl);
    const own = `/api/v2/orchestrators/${await b.orchestrator(`own ${suffix}`, { generatorId })}/executions${suffix && `/${suffix}`}`;
    const before = target.requests;
    for (const { dataset, converter } of [ids, nobodys()]) {
      const withDataset = await b.ask('POST', own, { body: { datasetId: dataset } });
      expect(told(withDataset, dataset)).toMatchObject({ status: 404, detail: 'There is no dataset ID.' });
      const withConverter = await b.ask('POST', own, { body: { prompts: ['Hello.'], converters: [[converter]] } });
      expect(told(withConverter, converter)).toMatchObject({ status: 400, detail: expect.stringContaining('is not there') });
      expectNothingOf(withConverter, [converter]);
    }
    expect(target.requests).toBe(before);
  });

  it('are refused, naming the field, in new and changed orchestrators and scorers', async () => {
    const generatorId = await b.generator('own', target.baseUrl);
    const own = await b.orchestrator('own', { generatorId });
    const judge = { question: 'Is it so?' };
    const create = (noun: string, type: string, parameters: object): Promise<Answer> =>
      b.ask('POST', `/api/v2/${noun}`, { body: { name: `foreign ${noun}`, type, parameters } });
    const change = (parameters: object): Promise<Answer> => b.ask('PATCH', `/api/v2/orchestrators/${own}`, { body: { parameters } });
    const attempts = (of: Ids): readonly [string, string, () => Promise<Answer>][] =>
      [create, (_noun: string, _type: string, parameters: object) => change(parameters)].flatMap((save) => [
        [of.generator, 'generatorId', () => save('orchestrators', 'prompt-sending', { generatorId: of.generator })],
        [
          of.converter,
          'converterChains/0/0',
          () => save('orchestrators', 'prompt-sending', { generatorId, converterChains: [[of.converter]] }),
        ],
        [of.scorer, 'scorerIds/0', () => save('orchestrators', 'prompt-sending', { generatorId, scorerIds: [of.scorer] })],
        [of.generator, 'generatorId', () => create('scorers', 'self-ask-true-false', { ...judge, generatorId: of.generator })],
      ]);
    const foreign = attempts(ids);
    const absent = attempts(nobodys());
    for (const [index, [id, field, attempt]] of foreign.entries()) {
      const answer = await attempt();
      expect(answer.status).toBe(400);
      expect(answer.problem?.errors).toEqual([expect.objectContaining({ pointer: `/parameters/${field}` })]);
      expectNothingOf(answer, [id]);
      const other = await absent[index]?.[2]();
      expect(JSON.stringify(told(answer, id)).replaceAll(id, 'ID')).toBe(
        other && JSON.stringify(told(other, NOBODYS)).replaceAll(NOBODYS, 'ID'),
      );
    }
  });

  it('are refused as steps of a preview', async () => {
    const answer = await b.ask('POST', '/api/v2/converters/preview', { body: { chain: [{ id: ids.converter }], texts: ['Hello.'] } });
    expect(answer.status).toBe(404);
    expectNothingOf(answer, [ids.converter]);
  });

  it('are nothing to an administrator either, who sees people and not their content', async () => {
    const root = server.client('root');
    for (const [route, probe] of Object.entries(OWNED)) expect((await send(root, route, probe, ids)).status).toBe(404);
    for (const [route, probe] of Object.entries(OWN)) expectNothingOf(await send(root, route, probe, ids));
    expect((await send(root, 'GET /api/v2/users', {}, ids)).text).toContain(ids.user);
  });

  it('do nothing under the idempotency key of A', async () => {
    const body = { name: `${MARK} once`, type: 'base64' };
    const headers = { 'idempotency-key': 'the-same-key' };
    const first = await a.ask('POST', '/api/v2/converters', { body, headers });
    const second = await b.ask('POST', '/api/v2/converters', { body: { ...body, name: 'another' }, headers });
    expect([first.status, second.status]).toEqual([201, 201]);
    expectNothingOf(second);
  });
});

describe('After all that', () => {
  it('everything of A is as it was', async () => {
    const execution = await a.execution(ids.execution);
    expect(execution).toMatchObject({ state: 'completed', coverage: { planned: 4, scored: 4 } } satisfies Partial<
      Record<keyof ExecutionDto, unknown>
    >);
    expect((await a.all<ExecutionDto>('/api/v2/executions')).map(({ id }) => id)).toEqual([ids.execution]);
    const results = await a.results(ids.execution);
    expect(results.map((result: ResultDto) => result.response)).toEqual(Array.from({ length: 4 }, () => `The ${MARK} flies.`));
    const names = await Promise.all(
      (['generators', 'converters', 'scorers', 'orchestrators', 'datasets'] as const).map((noun) =>
        a.all<{ id: string; name: string }>(`/api/v2/${noun}`),
      ),
    );
    expect(names.flat().filter(({ name }) => !name.includes(MARK))).toEqual([]);
  });

  it('the log tells nothing of what anybody has', async () => {
    expect(server.log.some((line) => line.includes(ids.execution))).toBe(true);
    expect(server.log.filter((line) => line.includes(MARK))).toEqual([]);
  });

  it('A succeeds with every request that B was refused', async () => {
    for (const [route, probe] of Object.entries(OWNED)) {
      const answer = await send(a, route, probe, ids);
      const told = answer.status === 409 ? (answer.problem?.detail ?? '') : '';
      // An execution that has ended can be neither paused nor resumed.
      const succeeds = answer.status < 300 || told.includes('already completed');
      expect(`${route} ${succeeds ? 'succeeds' : answer.text}`).toBe(`${route} succeeds`);
      if (route === 'POST /api/v2/orchestrators/{orchestratorId}/executions') await a.ended((answer.json as ExecutionDto).id);
    }
    const root = server.client('root');
    for (const [route, probe] of Object.entries(ADMIN)) {
      const answer = await send(root, route, probe, ids);
      // There is nothing to rescue, to migrate or to be alerted of, no backup of that id, and nobody was erased: that they succeed where there is, is
      // shown elsewhere.
      if (/\/(migration|alerts|backups|erasures)\//.test(route)) expect([200, 201, 400, 404, 409]).toContain(answer.status);
      else expect(`${route} ${answer.status < 300 ? 'succeeds' : answer.text}`).toBe(`${route} succeeds`);
    }
  });
});
