import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, Asked, Client } from '../server/client.js';
import { expectProblem, pointers } from '../server/expect-problem.js';
import { ServerProcess } from '../server/server-process.js';

/** In no answer and no log line. */
const KEY = 'sk-Kestrel-9d41Fh7Qx2';
const NOBODYS = '01890a5d-ac96-774b-bcce-b302099a8057';

let server: ServerProcess;
let client: Client;
let orchestratorId: string;

beforeAll(async () => {
  server = await ServerProcess.start();
  client = server.client('ada');
  orchestratorId = await client.orchestrator('plain', { generatorId: await client.create('generators', 'echo', 'echo') });
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const post = (path: string, body: unknown): Promise<Answer> => client.ask('POST', path, { body });
const executions = (): string => `/api/v2/orchestrators/${orchestratorId}/executions`;
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const asJson: Asked['headers'] = { 'content-type': 'application/json' };

describe('A body', () => {
  it.each([
    ['of wrong types', { name: 5, type: ['echo'], parameters: 'none' }, ['/name', '/parameters', '/type']],
    ['with unknown members', { name: 'bad', type: 'echo', colour: 'red', id: NOBODYS }, ['/colour', '/id']],
    ['without what is needed', {}, ['/name', '/type']],
    ['with a name that shows nothing', { name: '\u0007', type: 'echo' }, ['/name']],
    ['with half a character as name', { name: 'bad \ud800', type: 'echo' }, ['/name']],
    ['with a type that is not there', { name: 'bad', type: 'constructor' }, ['/type']],
    ['with unknown parameters', { name: 'bad', type: 'echo', parameters: { colour: 'red' } }, ['/parameters/colour']],
    [
      'with the prototype as parameter',
      JSON.parse('{"name":"bad","type":"echo","parameters":{"__proto__":{"a":1}}}') as unknown,
      ['/parameters'],
    ],
    [
      'with half a character deep inside',
      { name: 'bad', type: 'echo', parameters: { a: ['x', { 'b/c': '\ud800' }] } },
      ['/parameters/a/1/b~1c'],
    ],
  ])('%s is refused, naming the fields', async (_what, body, expected) => {
    const answer = await post('/api/v2/generators', body);
    expectProblem(answer);
    expect(pointers(answer)).toEqual(expected);
  });

  it.each([
    ['a list', '[]'],
    ['text', '"name"'],
    ['null', 'null'],
    ['nothing', ''],
  ])('that is %s is refused', async (_what, text) => {
    const answer = await client.ask('POST', '/api/v2/generators', { body: bytes(text), headers: asJson });
    expect([answer.status, answer.problem !== null]).toEqual([400, true]);
  });

  it.each([
    ['broken JSON', bytes('{"name": "bad", "type": '), 400, 'malformed-json'],
    ['invalid UTF-8', new Uint8Array([...bytes('{"name":"'), 0xc3, 0x28, ...bytes('"}')]), 400, 'malformed-json'],
    ['10 MB', bytes(JSON.stringify({ name: 'bad', prompts: ['x'.repeat(10_000_000)] })), 413, 'content-too-large'],
  ])('of %s is refused', async (_what, body, status, type) => {
    expectProblem(await client.ask('POST', '/api/v2/datasets', { body, headers: asJson }), status, type);
  });

  it('of another media type is refused', async () => {
    const answer = await client.ask('POST', '/api/v2/converters', { body: bytes('name=bad'), headers: { 'content-type': 'text/plain' } });
    expectProblem(answer, 415, 'unsupported-media-type');
  });

  it('that is as large as it may be, and made to be slow to check, is refused quickly', async () => {
    const distinct = Array.from({ length: 300_000 }, (_, at) => `k${at}`);
    const members = Object.fromEntries(distinct.map((name) => [name, 1]));
    const begun = performance.now();
    expect(pointers(await post('/api/v2/generators', { name: 'bad', type: 'echo', parameters: members }))).toEqual(['/parameters']);
    expect(pointers(await post('/api/v2/api-keys', { name: 'bad', scopes: distinct }))).toContain('/scopes');
    const many = await post('/api/v2/scorers', {
      name: 'bad',
      type: 'substring',
      parameters: { substring: Array.from({ length: 300_000 }, () => 1) },
    });
    expectProblem(many);
    expect(pointers(many)).toHaveLength(100);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('with a scope twice is refused', async () => {
    expect(pointers(await post('/api/v2/api-keys', { name: 'bad', scopes: ['read', 'read'] }))).toEqual(['/scopes']);
  });

  it('with a converter chain of any length is refused', async () => {
    const chain = Array.from({ length: 21 }, () => NOBODYS);
    expect(pointers(await post(executions(), { prompts: ['x'], converters: [[], chain] }))).toEqual(['/converters/1']);
  });

  const depth = 200_000;
  it.each([
    ['parameters', `{"name":"bad","type":"base64","parameters":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`, '/api/v2/converters'],
    [
      'objects as parameters',
      `{"name":"bad","type":"base64","parameters":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`,
      '/api/v2/converters',
    ],
    ['prompts', `{"name":"bad","prompts":${'['.repeat(depth)}${']'.repeat(depth)}}`, '/api/v2/datasets'],
    ['metadata', `{"name":"bad","prompts":[{"value":"x","metadata":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}]}`, '/api/v2/datasets'],
    ['something unknown', `${'['.repeat(depth)}${']'.repeat(depth)}`, '/api/v2/scorers/preview'],
  ])('with %s nested 200,000 deep is refused', async (_what, text, path) => {
    const answer = await client.ask('POST', path, { body: bytes(text), headers: asJson });
    expectProblem(answer);
    expect(answer.problem?.errors?.[0]?.detail).toMatch(/is nested deeper than 100 levels/);
  });
});

describe('An address', () => {
  it.each(['abc', '0', NOBODYS.slice(1), `${NOBODYS}0`, '..%2f..%2fcatalog.db', `' or 1=1 --`, '%00'])(
    'with the id %s is not found',
    async (id) => {
      expectProblem(await client.ask('GET', `/api/v2/executions/${id}`), 404, 'not-found');
    },
  );

  it('with a broken escape is refused', async () => {
    expectProblem(await client.ask('GET', '/api/v2/executions/%zz'), 400, 'bad-request');
  });

  it.each([
    ['limit=0', '/limit'],
    ['limit=501', '/limit'],
    ['limit=ten', '/limit'],
    ['cursor=nonsense', '/cursor'],
    [`cursor=${Buffer.from('{"a":1}').toString('base64url')}`, '/cursor'],
    [`cursor=${'a'.repeat(5_000)}`, '/cursor'],
    ['colour=red', '/colour'],
    ['limit=1&limit=2', '/limit'],
  ])('with ?%s is refused on every list', async (query, pointer) => {
    const { id } = await client.execute(orchestratorId, { prompts: ['Hello.'] });
    const lists = [
      'generators',
      'datasets',
      'api-keys',
      'executions',
      `executions/${id}/items`,
      `executions/${id}/results`,
      'memory/messages',
      'memory/scores',
    ];
    for (const list of lists) {
      const answer = await client.ask('GET', `/api/v2/${list}?${query}`);
      expectProblem(answer);
      expect(pointers(answer)).toEqual(expect.arrayContaining([pointer]));
    }
    await client.ended(id);
  });

  it.each([
    ['memory/messages?label=nothing', '/label'],
    ['memory/messages?sentAfter=yesterday', '/sentAfter'],
    ['memory/messages?conversationId=1', '/conversationId'],
    ['memory/scores?messageId=x', '/messageId'],
    ['executions?state=done', '/state'],
  ])('with the filter %s is refused', async (path, pointer) => {
    const answer = await client.ask('GET', `/api/v2/${path}`);
    expectProblem(answer);
    expect(pointers(answer)).toEqual([pointer]);
  });
});

describe('Parameters that make no sense', () => {
  it.each([
    ['converters', 'template', { template: 'no place for it' }, '/parameters/template'],
    ['converters', 'caesar', { shift: 'three' }, '/parameters/shift'],
    ['scorers', 'regex', { pattern: '(unclosed' }, '/parameters/pattern'],
    ['scorers', 'regex', { pattern: 'a'.repeat(100), flags: 'xyz' }, '/parameters/flags'],
    ['scorers', 'json-schema', { schema: { type: 'nonsense' } }, '/parameters/schema'],
    ['generators', 'http', { url: 'https://example.org', body: '{"prompt": "{{ prompt }}"' }, '/parameters/body'],
    ['generators', 'http', { url: 'https://example.org', body: '{"text": {{ prompt' }, '/parameters/body'],
    ['generators', 'http', { url: 'https://example.org', body: '{{ prompt }}', answerPath: '$..[' }, '/parameters/answerPath'],
    ['generators', 'openai-compatible', { baseUrl: 'file:///etc/passwd', model: 'm' }, '/parameters/baseUrl'],
    ['generators', 'openai-compatible', { baseUrl: 'nonsense', model: 'm' }, '/parameters/baseUrl'],
    ['generators', 'openai-compatible', { baseUrl: 'https://user:pass@example.org', model: 'm' }, '/parameters/baseUrl'],
    ['generators', 'openai-compatible', { baseUrl: 'https://example.org', model: 'm', apiKey: `${KEY}\r\nx: y` }, '/parameters/apiKey'],
    ['generators', 'openai-compatible', { baseUrl: 'https://example.org', model: 'm', apiKey: { env: 'PATH' } }, '/parameters/apiKey'],
    ['generators', 'openai-compatible', { baseUrl: 'https://example.org', model: 'm', apiKey: { file: '../salt' } }, '/parameters/apiKey'],
    ['orchestrators', 'prompt-sending', { generatorId: 'nonsense' }, '/parameters/generatorId'],
    ['orchestrators', 'prompt-sending', { generatorId: NOBODYS }, '/parameters/generatorId'],
  ])('are refused for %s of type %s: %j', async (noun, type, parameters, pointer) => {
    const answer = await post(`/api/v2/${noun}`, { name: 'bad', type, parameters });
    expectProblem(answer);
    expect(pointers(answer)).toEqual([pointer]);
    expect(answer.text).not.toContain(KEY);
  });

  it('with characters that are hard to keep are kept, or refused, but never changed', async () => {
    for (const [index, text] of ['\u0000', '\ud800', 'a\u2028b', '\uffff', '👩‍👩‍👧', '"\\'].entries()) {
      const answer = await post('/api/v2/scorers', { name: `odd ${index}`, type: 'substring', parameters: { substring: text } });
      if (answer.status === 201) {
        const { id } = answer.json as { id: string };
        expect(await client.get(`/api/v2/scorers/${id}`)).toMatchObject({ parameters: { substring: text } });
      } else {
        expectProblem(answer);
      }
    }
  });
});

describe('An execution', () => {
  const a = ['a'];
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`label ${index}`, 'x']));
  it.each<readonly [string, object, string[]]>([
    ['no prompts', {}, ['/datasetId']],
    ['prompts from two places', { prompts: a, datasetId: NOBODYS }, ['/datasetId']],
    ['a dataset id that is none', { datasetId: NOBODYS.slice(2) }, ['/datasetId']],
    ['an empty list', { prompts: [] }, ['/prompts']],
    ['prompts that are no list', { prompts: 'a' }, ['/prompts']],
    ['an empty prompt', { prompts: ['a', ' '] }, []],
    ['a prompt that is no text', { prompts: ['a', 5] }, []],
    ['a prompt that is too long', { prompts: ['x'.repeat(100_001)] }, ['quota']],
    ['half a character', { prompts: ['a', 'half \ud800'] }, ['/prompts/1']],
    ['U+0000', { prompts: ['a \u0000'] }, ['/prompts/0']],
    ['no repeat', { prompts: a, repeats: 0 }, ['/repeats']],
    ['repeats in words', { prompts: a, repeats: '3' }, ['/repeats']],
    ['a sample of a list', { prompts: a, sampleSize: 1 }, ['/sampleSize']],
    ['an unknown policy', { prompts: a, onUnknownOutcome: 'guess' }, ['/onUnknownOutcome']],
    ['chains that are no lists', { prompts: a, converters: ['b'] }, ['/converters/0/0']],
    ['a converter that is not there', { prompts: a, converters: [[NOBODYS]] }, []],
    ['labels in a list', { prompts: a, labels: ['b'] }, ['/labels']],
    ['labels in labels', { prompts: a, labels: { a: { b: 'c' } } }, ['/labels/a']],
    ['a huge label', { prompts: a, labels: { a: 'x'.repeat(1_001) } }, ['/labels/a']],
    ['more labels than anybody reads', { prompts: a, labels: many }, ['/labels']],
  ])('of %s is refused, also as a preview', async (_what, request, expected) => {
    const before = await client.all('/api/v2/executions');
    for (const path of [executions(), `${executions()}/preview`]) {
      const answer = await post(path, request);
      if (expected[0] === 'quota') expectProblem(answer, 403, 'quota-exceeded');
      else expectProblem(answer);
      if (expected[0] !== 'quota') expect(pointers(answer)).toEqual(expected);
    }
    expect(await client.all('/api/v2/executions')).toEqual(before);
  });
});

describe('An upload', () => {
  const upload = (name: string, content: string | Uint8Array<ArrayBuffer>): Promise<Answer> => client.upload('bad', name, content);
  const deepJson = `[${'['.repeat(100_000)}${']'.repeat(100_000)}]`;

  it.each([
    ['broken CSV', 'a.csv', 'value\n"never closed', /^Line 2 /],
    ['CSV with a short row', 'a.csv', 'value,other\nx,y\nz\n', /^Line 3 /],
    ['CSV without a header', 'a.csv', 'x,y\n1,2\n', /^Line 1 /],
    ['broken JSON lines', 'a.jsonl', '"fine"\n{"value": \n', /^Line 2 /],
    ['broken JSON', 'a.json', '["fine", ', /./],
    ['JSON nested 100,000 deep', 'a.json', deepJson, /./],
    ['JSON lines nested 100,000 deep', 'a.jsonl', deepJson, /./],
    ['nothing', 'a.txt', '', /./],
    ['an unknown ending', 'a.exe', 'MZ', /must end in one of/],
  ])('of %s is refused, naming the place', async (_what, filename, content, detail) => {
    const answer = await upload(filename, content);
    expectProblem(answer);
    expect(answer.problem?.detail).toMatch(detail);
  });

  it.each(['a.csv', 'a.jsonl', 'a.json', 'a.txt'])('of invalid UTF-8 in %s is refused', async (filename) => {
    const answer = await upload(filename, new Uint8Array([...bytes('"value"\n"x'), 0xff, 0xfe, ...bytes('"\n')]));
    expectProblem(answer);
    expect(answer.problem?.detail).toMatch(/UTF-8/);
  });

  it('without a file, with another field or with two files is refused', async () => {
    const file = (): File => new File(['x'], 'a.txt');
    const forms: [string, File | string][][] = [
      [['name', 'bad']],
      [
        ['name', 'bad'],
        ['colour', 'red'],
        ['file', file()],
      ],
      [['file', file()]],
      [
        ['name', 'bad'],
        ['file', file()],
        ['file', file()],
      ],
      [
        ['name', 'bad'],
        ['other', file()],
      ],
    ];
    for (const parts of forms) {
      const form = new FormData();
      for (const [name, value] of parts) form.append(name, value);
      const answer = await client.ask('POST', '/api/v2/datasets/upload', { body: form });
      expect([answer.status, answer.problem !== null]).toEqual([400, true]);
    }
    const notForm = await post('/api/v2/datasets/upload', { name: 'bad' });
    expect(notForm.status).toBe(400);
  });

  it('that was refused has left no dataset and no file behind', async () => {
    expect(await client.all('/api/v2/datasets')).toEqual([]);
    expect(await readdir(join(server.dataDir, 'uploads'))).toEqual([]);
  });
});

describe('After all that', () => {
  it('the process lives, is ready, and has logged neither an error of its own nor the key', async () => {
    expect((await client.ask('GET', '/health/ready')).status).toBe(200);
    expect(server.log.filter((line) => line.includes(KEY) || /"level":(50|60)/.test(line))).toEqual([]);
    await client.create('converters', 'after all', 'base64');
    expect(await server.stop()).toBe(0);
    await server.boot();
    expect(await client.all('/api/v2/converters')).toEqual([expect.objectContaining({ name: 'after all' })]);
  });
});
