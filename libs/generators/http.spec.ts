import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GeneratorError, InvalidInput, type Generator, type GeneratorReply, type JsonObject } from '#core';
import { createOutbound, type Outbound } from '../outbound/index.js';
import { GARBAGE, HTML, huge, OpenAiTarget } from '../../test/targets/openai-target.js';
import { generators } from './index.js';

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
  const full = generators.validate('http', { url: `${target.url}/ask?x=1`, body: '{"q": {{ prompt }}}', ...parameters });
  return generators.get('http').create(full, outbound);
}

async function ask(generator: Generator, content = 'hi', signal = new AbortController().signal): Promise<GeneratorReply> {
  return generator.generate({ messages: [{ role: 'user', content }], signal });
}

async function failure(generator: Generator): Promise<GeneratorError> {
  const error: unknown = await ask(generator, 'a prompt that must not show').catch((thrown: unknown) => thrown);
  if (!(error instanceof GeneratorError)) throw new Error('It did not fail as it should.', { cause: error });
  expect(error.message).not.toMatch(/must not show|on purpose|gateway|VERYSECRET/);
  return error;
}

const HOSTILE = 'say "hi" \\ {{ systemPrompt }} ${1+1}\n\u0000🦄 </a> & {{ prompt }}';

test('inserts the values, escaped for where they stand in a JSON body', async () => {
  await using generator = await create({
    body: '{"inner": "<{{prompt}}>", "outer": {{ prompt }}, "system": {{systemPrompt}}, "all": {{ conversation }}, "text": "{{ conversation }}"}',
    systemPrompt: 'Be "brief".',
    method: 'PUT',
    headers: { 'X-Team': 'red' },
    authorization: 'Bearer VERYSECRET',
  });
  await ask(generator, HOSTILE);
  const conversation = [{ role: 'user', content: HOSTILE }];
  expect(target.last?.body).toEqual({
    inner: `<${HOSTILE}>`,
    outer: HOSTILE,
    system: 'Be "brief".',
    all: conversation,
    text: JSON.stringify(conversation),
  });
  expect(target.last).toMatchObject({ method: 'PUT', path: '/ask?x=1' });
  expect(target.last?.headers).toMatchObject({ 'content-type': 'application/json', 'x-team': 'red', authorization: 'Bearer VERYSECRET' });
});

test.each([
  ['application/x-www-form-urlencoded', 'q={{ prompt }}&a=b', `q=${encodeURIComponent(HOSTILE)}&a=b`],
  ['text/plain; charset=utf-8', 'Q: {{ prompt }} ({{prompt}})', `Q: ${HOSTILE} (${HOSTILE})`],
  [
    'application/xml',
    '<q>{{ prompt }}</q>',
    `<q>${HOSTILE.replaceAll('&', '&#38;').replaceAll('<', '&#60;').replaceAll('>', '&#62;').replaceAll('"', '&#34;')}</q>`,
  ],
])('escapes as %s asks', async (type, body, expected) => {
  await using generator = await create({ body, headers: { 'Content-Type': type } });
  await ask(generator, HOSTILE);
  expect(target.last?.text).toBe(expected);
  expect(target.last?.headers['content-type']).toBe(type);
});

test.each([
  ['{"q": "no placeholder"}', 'must contain {{ prompt }}'],
  ['{"q": {{ promt }}}', 'may insert only'],
  ['{"q": "{{ prompt }', 'not closed'],
  ['{"q": {{ prompt }}', 'must be JSON'],
  ['{"q": "\\{{ prompt }}"}', 'must be JSON'],
  ['{"q": {{ conversation }}}', 'must contain {{ prompt }}'],
  ['{{'.repeat(90_000), 'not closed'],
])('the template %# is refused', async (body, detail) => {
  const error = await create({ body }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidInput);
  expect((error as InvalidInput).faults).toEqual([{ pointer: '/parameters/body', detail: expect.stringContaining(detail) as unknown }]);
});

test('without a path the whole body is the answer', async () => {
  target.behave = { raw: 'plain words', headers: { 'content-type': 'text/plain' } };
  await using generator = await create();
  expect(await ask(generator)).toEqual({ kind: 'answered', text: 'plain words', finishReason: null, usage: null });
});

test.each([
  ['$.reply.text', '{"reply":{"text":"found"}}', 'found'],
  ["$['reply']", '{"reply":"found"}', 'found'],
  ['$.parts[*].text', '{"parts":[{"text":"one "},{"text":"two"}]}', 'one two'],
  ["$.output[?@.type == 'message'].text", '{"output":[{"type":"thought","text":"no"},{"type":"message","text":"yes"}]}', 'yes'],
  ['$..text', '{"a":{"b":{"text":"deep"}}}', 'deep'],
  ['$.n', '{"n":42}', '42'],
  ['$.o', '{"o":{"a":[1]}}', '{"a":[1]}'],
  ['$', '"all"', 'all'],
])('%s finds its answer', async (answerPath, raw, text) => {
  target.behave = { raw };
  await using generator = await create({ answerPath });
  expect((await ask(generator)).text).toBe(text);
});

test.each([
  ['reply.text', 'RFC 9535'],
  ['$.a[', 'RFC 9535'],
  ["$[?match(@.a, '(a+)+')]", 'functions'],
  ["$[?search(@.a, 'a')]", 'functions'],
  ['$..a..b', "'..'"],
  ['$[?@..a]..b', "'..'"],
  ['$[?$.a]', "'$'"],
  ['$[?@.a == $.b]', "'$'"],
  ['$[*,*]', 'one selector'],
])('the path %s is refused', async (answerPath, detail) => {
  const error = await create({ answerPath }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidInput);
  expect((error as InvalidInput).faults).toEqual([
    { pointer: '/parameters/answerPath', detail: expect.stringContaining(detail) as unknown },
  ]);
});

test.each([
  [{ status: 429, headers: { 'retry-after': '2' } }, 'rate-limited', 'answered 429'],
  [{ status: 500 }, 'unavailable', 'answered 500'],
  [{ status: 400, errorCode: 'bad_prompt' }, 'rejected', 'error code bad_prompt'],
  [{ status: 401 }, 'unauthorized', 'answered 401'],
  [{ status: 307, headers: { location: 'http://127.0.0.1/' } }, 'rejected', 'Redirects are not followed'],
  [HTML, 'invalid-answer', 'is not JSON (text/html)'],
  [GARBAGE, 'invalid-answer', 'is not JSON'],
  [{ raw: '{"other":1}' }, 'invalid-answer', 'nothing at answerPath'],
  [huge(1_500_000), 'invalid-answer', 'larger than'],
  [{ cut: 'before' as const }, 'unavailable', 'cut the connection'],
  [{ cut: 'within' as const }, 'unavailable', 'cut the connection'],
  [{ hang: true }, 'timeout', 'within 150 ms'],
])('failure %# is %s', async (behaviour, fault, message) => {
  target.behave = behaviour;
  await using generator = await create({ answerPath: '$.reply', timeoutMs: 150 });
  const error = await failure(generator);
  expect([error.fault, error.message]).toEqual([fault, expect.stringContaining(message)]);
  expect(error.retryAfterMs).toBe(fault === 'rate-limited' ? 2_000 : null);
});

test('aborting rejects with the reason and ends the request', async () => {
  const reason = new Error('cancelled');
  await using generator = await create();
  await expect(ask(generator, 'x', AbortSignal.abort(reason))).rejects.toBe(reason);
  target.behave = { hang: true };
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  await expect(ask(generator, 'x', controller.signal)).rejects.toBe(reason);
  expect(target.requests).toBe(1);
});

test('the secret and the query stay out of the limit key; a refused address is told', async () => {
  const generator = await create({ authorization: 'Bearer VERYSECRET' });
  expect(generator.limitKey).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ask#[0-9a-f]{12}$/);
  expect((await create()).limitKey).toMatch(/#open$/);
  expect((await failure(await create({ url: 'http://10.0.0.1/' }))).fault).toBe('forbidden-address');
  await expect(create({ authorization: 'two\nlines' })).rejects.toMatchObject({ faults: [{ pointer: '/parameters/authorization' }] });
  await expect(create({ url: 'ftp://x/' })).rejects.toMatchObject({ faults: [{ pointer: '/parameters/url' }] });
});
