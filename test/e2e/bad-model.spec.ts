import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, Client } from '../server/client.js';
import { expectProblem } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';
import { GARBAGE, HTML, huge, OpenAiTarget, type Behaviour } from '../targets/openai-target.js';

/** In no answer and no log line. It is shaped like an error code, so that only care keeps it out. */
const KEY = 'sk-Kestrel-9d41Fh7Qx2';

let server: ServerProcess;
let target: OpenAiTarget;
let client: Client;
let generatorId: string;
let orchestratorId: string;
let closedPort = 0;

beforeAll(async () => {
  server = await ServerProcess.start({ env: { OUTBOUND_MAX_RESPONSE_MB: '1', OUTBOUND_TIMEOUT_SECONDS: '6' } });
  target = await OpenAiTarget.start();
  client = server.client('ada');
  generatorId = await client.generator('target', target.baseUrl, { apiKey: KEY, timeoutMs: 1_500 });
  orchestratorId = await client.orchestrator('plain', { generatorId, maxRetries: 0 });
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  closedPort = (listener.address() as AddressInfo).port;
  await new Promise((resolve) => listener.close(resolve));
}, 60_000);

afterAll(async () => {
  await target[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const test = (prompt: string): Promise<Answer> => client.ask('POST', `/api/v2/generators/${generatorId}/test`, { body: { prompt } });

describe('A model endpoint that misbehaves', () => {
  const faults: Readonly<Record<string, { readonly behaviour: Behaviour; readonly reason: RegExp }>> = {
    hangs: { behaviour: { hang: true }, reason: /did not answer within 1500 ms/ },
    'answers 500': { behaviour: { status: 500 }, reason: /answered 500/ },
    'answers 503 in HTML': { behaviour: { ...HTML, status: 503 }, reason: /answered 503 \(text\/html\)/ },
    'answers HTML': { behaviour: HTML, reason: /answer .*\(text\/html\)/ },
    'answers garbage': { behaviour: GARBAGE, reason: /answer / },
    'answers another form': { behaviour: { raw: '{"choices": []}' }, reason: /answer / },
    'answers nothing': { behaviour: { raw: '' }, reason: /answer / },
    'answers too much': { behaviour: huge(2_000_000), reason: /larger than 1048576 bytes/ },
    'is cut off before the answer': { behaviour: { cut: 'before' }, reason: /cut the connection/ },
    'is cut off within the answer': { behaviour: { cut: 'within' }, reason: /cut the connection/ },
    'repeats the key': {
      behaviour: { status: 401, raw: JSON.stringify({ error: { message: `bad key ${KEY}`, code: KEY, type: KEY } }) },
      reason: /answered 401/,
    },
    redirects: { behaviour: { status: 302, headers: { location: 'http://169.254.169.254/' } }, reason: /answered 302.*not followed/ },
  };

  it('leaves those items errored with the reason, answers the others, and tells nobody the key', async () => {
    target.behave = ({ content }) => faults[content]?.behaviour ?? { reply: 'fine' };
    const names = Object.keys(faults);
    const prompts = names.flatMap((name) => [name, `between, after one that ${name}`]);
    const { id } = await client.execute(orchestratorId, { prompts });
    const ended = await client.ended(id);
    expect(ended).toMatchObject({
      state: 'completed',
      coverage: { planned: prompts.length, answered: names.length, errored: names.length, open: 0 },
    });
    const results = await client.results(id);
    expect(results.map((result) => result.prompt)).toEqual(prompts);
    const byPrompt = new Map(results.map((result) => [result.prompt, result]));
    for (const [name, { reason }] of Object.entries(faults)) {
      expect(byPrompt.get(name)).toMatchObject({
        state: 'errored',
        reason: expect.stringMatching(reason),
        response: null,
        attempts: 1,
        scores: [],
      });
      expect(byPrompt.get(`between, after one that ${name}`)).toMatchObject({ state: 'answered', reason: null, response: 'fine' });
    }
    for (const path of [
      `executions/${id}`,
      `executions/${id}/results`,
      `executions/${id}/export?format=csv`,
      `generators/${generatorId}`,
      'memory/messages',
    ]) {
      expect((await client.ask('GET', `/api/v2/${path}`)).text).not.toContain(KEY);
    }
    expect(target.last?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('is told by POST …/test as a problem of its own', async () => {
    for (const [behaviour, type] of [
      [{ status: 500 }, 'generator-unavailable'],
      [{ status: 401, raw: KEY }, 'generator-unauthorized'],
      [HTML, 'generator-invalid-answer'],
      [{ hang: true }, 'generator-timeout'],
    ] as const) {
      target.behave = behaviour;
      const answer = await test('Hello.');
      expectProblem(answer, 502, type);
      expect(answer.text).not.toContain(KEY);
    }
    target.behave = { status: 429, headers: { 'retry-after': '7' } };
    const limited = await test('Hello.');
    expect(limited).toMatchObject({ status: 502, problem: { type: '/problems/generator-rate-limited', retryAfter: 7 } });
    expect(limited.headers.get('retry-after')).toBe('7');
  });

  it('answers at great length: every answer is kept whole, and read back page by page', async () => {
    const length = 900_000;
    const reply = (content: string): string => `${content} ${'word '.repeat(length / 5)}`;
    target.behave = ({ content }) => ({ reply: reply(content) });
    const talkative = await client.generator('talkative', target.baseUrl, { maxInFlight: 20, timeoutMs: 10_000 });
    const sent = Array.from({ length: 100 }, (_, index) => `talk ${index}`);
    const scorerIds = [await client.create('scorers', 'talks', 'substring', { substring: 'word' })];
    const { id } = await client.execute(await client.orchestrator('long', { generatorId: talkative, scorerIds }), { prompts: sent });
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { scored: 100 } });
    const results = await client.results(id);
    expect(results.map(({ prompt, response }) => response === reply(prompt))).toEqual(sent.map(() => true));
    const exported = await client.ask('GET', `/api/v2/executions/${id}/export`);
    expect(exported.text.length).toBeGreaterThan(100 * length);
    const messages = await client.all<{ role: string; originalValue: string }>('/api/v2/memory/messages');
    expect(messages.filter(({ originalValue }) => originalValue.length > length)).toHaveLength(100);
  }, 60_000);

  it('is given no more time than the operator allows, whatever a generator says', async () => {
    target.behave = { hang: true };
    const patient = await client.generator('patient', target.baseUrl, { timeoutMs: 600_000 });
    const answer = await client.ask('POST', `/api/v2/generators/${patient}/test`, { body: { prompt: 'Hello.' } });
    expectProblem(answer, 502, 'generator-timeout');
    expect(answer.problem?.detail).toContain('did not answer within 6000 ms');
  });

  it('is asked again, as often and as late as it says, until it answers', async () => {
    const asked = new Map<string, number[]>();
    target.behave = ({ content }) => {
      const times = [...(asked.get(content) ?? []), Date.now()];
      asked.set(content, times);
      return times.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { reply: 'fine' };
    };
    const patient = await client.orchestrator('patient', { generatorId, maxRetries: 3 });
    const { id } = await client.execute(patient, { prompts: ['one', 'two'] });
    expect(await client.ended(id)).toMatchObject({ coverage: { answered: 2, errored: 0 } });
    expect((await client.results(id)).map((result) => result.attempts)).toEqual([2, 2]);
    for (const [first = 0, second = 0] of asked.values()) expect(second - first).toBeGreaterThanOrEqual(990);
  });

  it.each([
    ['refuses connections', () => `http://127.0.0.1:${closedPort}`, /can't be reached \(ECONNREFUSED\)/],
    ['has no address', () => 'http://nowhere.invalid', /can't be reached/],
    ['is in a network that is not allowed', () => 'http://169.254.169.254/latest', /are refused/],
    ['is this very machine by another name', () => 'http://[::1]:8080', /are refused/],
  ])('that %s leaves its items errored with the reason', async (what, url, reason) => {
    const elsewhere = await client.generator(what, url(), { timeoutMs: 5_000 });
    const unreachable = await client.orchestrator(what, { generatorId: elsewhere, maxRetries: 0 });
    const { id } = await client.execute(unreachable, { prompts: ['one', 'two'] });
    expect(await client.ended(id)).toMatchObject({ state: 'completed', coverage: { planned: 2, errored: 2 } });
    for (const result of await client.results(id)) expect(result.reason).toMatch(reason);
  });

  it('is not asked at all for a prompt that its converters have emptied: that one is skipped', async () => {
    target.behave = {};
    const remover = await client.create('converters', 'remover', 'search-replace', { search: 'gone', replacement: '' });
    const { id } = await client.execute(orchestratorId, { prompts: ['gone', 'here'], converters: [[remover]] });
    expect(await client.ended(id)).toMatchObject({ coverage: { skipped: 1, answered: 1 } });
  });

  it('has brought no error of our own into the log, and the key nowhere', async () => {
    expect((await client.ask('GET', '/health/ready')).status).toBe(200);
    expect(server.log.filter((line) => line.includes(KEY))).toEqual([]);
    const errors = server.log.filter((line) => /"level":(50|60)/.test(line));
    expect(errors.filter((line) => !/\/problems\/generator-|"status":502/.test(line))).toEqual([]);
  });
});
