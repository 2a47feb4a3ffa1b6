import { getEventListeners } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GeneratorError, InvalidInput, type Generator, type GeneratorReply, type JsonObject } from '#core';
import { createOutbound, type Outbound } from '../outbound/index.js';
import { CONTENT_FILTER, GARBAGE, HTML, huge, OpenAiTarget } from '../../test/targets/openai-target.js';
import { generators } from './index.js';

const KEY = 'sk-VERYSECRET42';
const PROMPT = 'a prompt that must not show';
let target: OpenAiTarget;
let outbound: Outbound;

beforeEach(async () => {
  target = await OpenAiTarget.start();
  outbound = createOutbound({ allowPrivate: ['127.0.0.1'], maxResponseBytes: 1_000_000 });
});
afterEach(async () => {
  await outbound.close();
  await target[Symbol.asyncDispose]();
});

function create(parameters: JsonObject = {}): Promise<Generator> {
  const full = generators.validate('openai-compatible', { baseUrl: target.baseUrl, model: 'm', apiKey: KEY, ...parameters });
  return generators.get('openai-compatible').create(full, outbound);
}

async function ask(generator: Generator, signal = new AbortController().signal): Promise<GeneratorReply> {
  return generator.generate({ messages: [{ role: 'user', content: PROMPT }], signal });
}

async function failure(generator: Generator): Promise<GeneratorError> {
  try {
    await ask(generator);
  } catch (error) {
    if (error instanceof GeneratorError) {
      expect(`${error.message} ${error.stack}`).not.toMatch(/VERYSECRET|must not show|on purpose|gateway/);
      return error;
    }
    throw error;
  }
  throw new Error('It did not fail.');
}

test('sends the conversation with all parameters, and reads the answer', async () => {
  target.behave = { reply: 'Hello.' };
  await using generator = await create({
    systemPrompt: 'Be brief.',
    temperature: 0.5,
    topP: 0.9,
    maxTokens: 100,
    maxTokensParameter: 'max_completion_tokens',
    seed: 7,
    stop: ['END'],
    frequencyPenalty: 1,
    presencePenalty: -1,
    extraBody: { reasoning_effort: 'low' },
    headers: { 'X-Team': 'red' },
  });
  const messages = [
    { role: 'user' as const, content: 'one' },
    { role: 'assistant' as const, content: 'two' },
    { role: 'user' as const, content: 'three' },
  ];
  const reply = await generator.generate({ messages, signal: new AbortController().signal });
  expect(reply).toEqual({ kind: 'answered', text: 'Hello.', finishReason: 'stop', usage: { inputTokens: 7, outputTokens: 5 } });
  expect(target.last?.path).toBe('/v1/chat/completions');
  expect(target.last?.body).toEqual({
    model: 'm',
    messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
    temperature: 0.5,
    top_p: 0.9,
    max_completion_tokens: 100,
    seed: 7,
    stop: ['END'],
    frequency_penalty: 1,
    presence_penalty: -1,
    reasoning_effort: 'low',
  });
  expect(target.last?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-team': 'red' });
});

test('sends nothing that was not asked for, and nothing of the environment', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    OPENAI_API_KEY: 'env-key',
    OPENAI_ORG_ID: 'env-org',
    OPENAI_PROJECT_ID: 'env-project',
    OPENAI_BASE_URL: 'http://127.0.0.1:1',
  });
  try {
    const { apiKey: _left, ...parameters } = { baseUrl: `${target.baseUrl}/`, model: 'm', apiKey: '' };
    await using generator = await generators
      .get('openai-compatible')
      .create(generators.validate('openai-compatible', parameters), outbound);
    await ask(generator);
    expect(target.last?.body).toEqual({ model: 'm', messages: [{ role: 'user', content: PROMPT }] });
    expect(target.last?.path).toBe('/v1/chat/completions');
    expect(Object.keys(target.last?.headers ?? {})).not.toContain('authorization');
    expect(JSON.stringify(target.last?.headers)).not.toMatch(/env-/);
  } finally {
    process.env = before;
  }
});

test('the key can go into another header', async () => {
  await using generator = await create({ apiKeyHeader: 'api-key' });
  await ask(generator);
  expect(target.last?.headers['api-key']).toBe(KEY);
  expect(target.last?.headers.authorization).toBeUndefined();
});

test('limits are shared by endpoint, model and key, and the key does not show', async () => {
  const keys = await Promise.all([
    create(),
    create(),
    create({ apiKey: 'other' }),
    create({ model: 'n' }),
    create({ baseUrl: `${target.url}/v2` }),
  ]);
  const [one, same, ...others] = keys.map(({ limitKey }) => limitKey);
  expect(one).toBe(same);
  expect(new Set([one, ...others]).size).toBe(4);
  expect(one).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1 m#[0-9a-f]{12}$/);
  expect((await create({ maxInFlight: 50 })).limits).toEqual({ maxInFlight: 50, requestsPerMinute: null, tokensPerMinute: null });
  const limits = { maxInFlight: 5, requestsPerMinute: 60, tokensPerMinute: 1_000 };
  expect((await create(limits)).limits).toEqual(limits);
});

test.each([
  [{ status: 429, headers: { 'retry-after': '2' } }, 'rate-limited', 2_000],
  [{ status: 429, headers: { 'retry-after-ms': '150' } }, 'rate-limited', 150],
  [{ status: 429, headers: { 'retry-after': new Date(Date.now() - 60_000).toUTCString() } }, 'rate-limited', 0],
  [{ status: 503, headers: { 'retry-after': '1' } }, 'unavailable', 1_000],
  [{ status: 500 }, 'unavailable', null],
  [{ status: 408 }, 'unavailable', null],
  [{ status: 401, errorCode: 'invalid_api_key' }, 'unauthorized', null],
  [{ status: 403 }, 'unauthorized', null],
  [{ status: 400, errorCode: 'context_length_exceeded' }, 'rejected', null],
  [{ status: 404, errorCode: 'model_not_found' }, 'rejected', null],
  [{ status: 302, headers: { location: 'http://169.254.169.254/' } }, 'rejected', null],
  [{ ...HTML, status: 502 }, 'unavailable', null],
])('%j is %s', async (behaviour, fault, retryAfterMs) => {
  target.behave = behaviour;
  await using generator = await create();
  const error = await failure(generator);
  expect([error.fault, error.retryAfterMs, error.status]).toEqual([fault, retryAfterMs, behaviour.status]);
  if ('errorCode' in behaviour) expect(error.message).toContain(behaviour.errorCode);
  expect(target.requests).toBe(1);
});

test.each([
  [HTML, 'is not a JSON object (text/html)'],
  [GARBAGE, 'is not JSON (application/json)'],
  [{ raw: '' }, 'is not a JSON object'],
  [{ raw: '[]' }, 'has no choices[0].message'],
  [{ raw: '{"choices":[]}' }, 'has no choices[0].message'],
  [{ raw: '{"error":{"message":"the gateway says no","code":"overloaded"}}' }, 'error code overloaded'],
  [{ raw: '{"choices":[{"message":{"content":5}}]}' }, 'content that is not text'],
  [huge(1_500_000), 'larger than 1000000 bytes'],
])('an answer that is none is told: %#', async (behaviour, message) => {
  target.behave = behaviour;
  await using generator = await create();
  const error = await failure(generator);
  expect([error.fault, error.retryable]).toEqual(['invalid-answer', true]);
  expect(error.message).toContain(message);
});

test('what a content filter answers is an outcome, not an error', async () => {
  await using generator = await create();
  target.behave = CONTENT_FILTER;
  expect(await ask(generator)).toMatchObject({ kind: 'blocked', text: '', finishReason: 'content_filter' });
  target.behave = { errorCode: 'content_filter' };
  expect(await ask(generator)).toEqual({ kind: 'blocked', text: '', finishReason: 'content_filter', usage: null });
});

test.each([
  [{ refusal: 'I would rather not.' }, 'I would rather not.'],
  [
    { raw: '{"choices":[{"message":{"content":[{"type":"text","text":"one "},{"type":"text","text":"two"}]},"finish_reason":"stop"}]}' },
    'one two',
  ],
  [{ raw: '{"choices":[{"message":{"role":"assistant","content":null},"finish_reason":"length"}]}' }, ''],
  [{ reply: 'grüß 🦄' }, 'grüß 🦄'],
])('reads the text of %j', async (behaviour, text) => {
  target.behave = behaviour;
  await using generator = await create();
  expect(await ask(generator)).toMatchObject({ kind: 'answered', text });
});

test('a cut socket, a closed port, an unknown name: unavailable', async () => {
  await using generator = await create();
  for (const cut of ['before', 'within'] as const) {
    target.behave = { cut };
    expect((await failure(generator)).fault).toBe('unavailable');
  }
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  expect(await failure(await create({ baseUrl: `http://127.0.0.1:${port}/v1` }))).toMatchObject({
    fault: 'unavailable',
    message: "The endpoint can't be reached (ECONNREFUSED).",
  });
  expect((await failure(await create({ baseUrl: 'http://does-not-exist.invalid/v1' }))).fault).toBe('unavailable');
});

test.each([
  ['silent', { hang: true }],
  ['slow', { delayMs: 5_000 }],
])('a %s endpoint runs into the time-out, and is left', async (_name, behaviour) => {
  target.behave = behaviour;
  await using generator = await create({ timeoutMs: 150 });
  const error = await failure(generator);
  expect([error.fault, error.message]).toEqual(['timeout', 'The endpoint did not answer within 150 ms.']);
  await until(() => target.aborted === 1);
});

test('the caller aborts with its own reason, also while the answer is on the way', async () => {
  const reason = new Error('cancelled by the user');
  await using generator = await create();
  await expect(ask(generator, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(target.requests).toBe(0);
  target.behave = { hang: true };
  const controller = new AbortController();
  const running = ask(generator, controller.signal);
  setTimeout(() => controller.abort(reason), 50);
  await expect(running).rejects.toBe(reason);
  await until(() => target.aborted === 1);
});

test('an address that our policy refuses is told with its remedy', async () => {
  const error = await failure(await create({ baseUrl: 'http://169.254.169.254/v1' }));
  expect([error.fault, error.retryable]).toEqual(['forbidden-address', false]);
  expect(error.message).toContain("'169.254.169.254'");
  expect(error.message).toContain('GENERATOR_ALLOW_PRIVATE');
});

test.each([
  [{ baseUrl: 'file:///etc/passwd' }, '/parameters/baseUrl'],
  [{ baseUrl: 'not a url' }, '/parameters/baseUrl'],
  [{ baseUrl: 'http://me:hunter2@host/v1' }, '/parameters/baseUrl'],
  [{ headers: { Authorization: 'Bearer x' } }, '/parameters/headers/Authorization'],
  [{ headers: { 'Content-Length': '5' } }, '/parameters/headers/Content-Length'],
  [{ headers: { 'a/b': 'x' } }, '/parameters/headers/a~1b'],
  [{ headers: { ok: 'two\nlines' } }, '/parameters/headers/ok'],
  [{ extraBody: { stream: true } }, '/parameters/extraBody/stream'],
  [{ apiKey: 'hunter2\nX: y' }, '/parameters/apiKey'],
])('%j is refused at %s', async (parameters, pointer) => {
  const error = await create(parameters).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidInput);
  expect((error as InvalidInput).faults.map((fault) => fault.pointer)).toEqual([pointer]);
  expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
});

test('many requests on one long-lived signal leave nothing behind on it', async () => {
  const controller = new AbortController();
  await using generator = await create({ maxInFlight: 20 });
  await Promise.all(Array.from({ length: 300 }, () => ask(generator, controller.signal)));
  expect(target.requests).toBe(300);
  await until(() => {
    globalThis.gc?.();
    return getEventListeners(controller.signal, 'abort').length < 50;
  });
});

async function until(condition: () => boolean): Promise<void> {
  const endsAt = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > endsAt) throw new Error('It did not happen within 5 s.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
