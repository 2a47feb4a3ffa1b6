import * as fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { InvalidInput, QuotaExceeded, type SeedPrompt } from '#core';
import { formatOf, parseDataset, type DatasetFormat, type DatasetLimits } from './index.js';

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  format: DatasetFormat,
  file: string | Uint8Array,
  limits: Partial<DatasetLimits> = {},
  size = 7,
): Promise<SeedPrompt[]> {
  const prompts: SeedPrompt[] = [];
  for await (const batch of parseDataset(format, chunked(Buffer.from(file), size), limits)) prompts.push(...batch);
  return prompts;
}

const values = async (...args: Parameters<typeof read>): Promise<string[]> => (await read(...args)).map(({ value }) => value);

async function failure(...args: Parameters<typeof read>): Promise<string> {
  const error: unknown = await read(...args).catch((thrown: unknown) => thrown);
  if (error instanceof InvalidInput || error instanceof QuotaExceeded) return `${error.name}: ${error.message}`;
  throw new Error('It did not fail as it should.', { cause: error });
}

test('text: a prompt per line that is not blank, with all its spaces', async () => {
  expect(await values('text', '\ufeffone\r\n\n  two \t\r\n \t \nthr\ree\u2028still three\r\nlast')).toEqual([
    'one',
    '  two \t',
    'thr\ree\u2028still three',
    'last',
  ]);
});

test('csv: value or prompt, harm categories, and everything else as metadata', async () => {
  const file = '\ufeff"Value",harm_categories,source,__proto__,\r\n" a ""b""\nc",x; y;,web,p,\r\n\r\nplain,,,,q\r\n';
  expect(await read('csv', file)).toEqual([
    {
      value: ' a "b"\nc',
      harmCategories: ['x', 'y'],
      metadata: Object.fromEntries([
        ['source', 'web'],
        ['__proto__', 'p'],
      ]),
    },
    { value: 'plain', harmCategories: [], metadata: { 'column 5': 'q' } },
  ]);
  expect(await read('csv', 'value,prompt,metadata\na,b,c')).toEqual([
    { value: 'a', harmCategories: [], metadata: { prompt: 'b', metadata: 'c' } },
  ]);
  expect(await read('csv', 'prompt,n\nhello,1')).toEqual([{ value: 'hello', harmCategories: [], metadata: { n: '1' } }]);
});

test.each([
  ['a,b\n1,2\n', "InvalidInput: Line 1 must be a header with a column 'value' or 'prompt'."],
  ['value,x,x\n', 'InvalidInput: Line 1 names a column twice.'],
  ['value,x\nhidden,1\nhidden\n', 'InvalidInput: Line 3 does not have as many fields as the header.'],
  ['value\nfine\n"hidden', 'InvalidInput: Line 3 has a quote that is never closed.'],
  ['value\n"hidden"x\n', 'InvalidInput: Line 2 has a text after a closing quote'],
  ['value\nhid"den\n', 'InvalidInput: Line 2 has a quote in the middle of a field'],
  ['value,x\n"two\nlines",1\n,2\n', 'InvalidInput: Line 4 has an empty prompt.'],
  ['value\n', 'InvalidInput: The file holds no prompt.'],
  ['', 'InvalidInput: The file holds no prompt.'],
])('csv %j is refused', async (file, message) => {
  const told = await failure('csv', file);
  expect(told).toContain(message);
  expect(told).not.toContain('hidden');
});

test('jsonl: a text or an object per line', async () => {
  const file =
    '\ufeff"just text"\r\n\n{"value":"a\\nb","harm_categories":["x"],"metadata":{"n":1},"source":"web"}\n{"prompt":"p","harmCategories":"x; y"}';
  expect(await read('jsonl', file)).toEqual([
    { value: 'just text', harmCategories: [], metadata: {} },
    { value: 'a\nb', harmCategories: ['x'], metadata: { source: 'web', n: 1 } },
    { value: 'p', harmCategories: ['x', 'y'], metadata: {} },
  ]);
});

test.each([
  ['"fine"\n{"value": hidden}', 'Line 2 is not valid JSON.'],
  ['42', "Line 1 must be a text or an object with 'value' or 'prompt'."],
  ['["hidden"]', 'Line 1 must be a text or an object'],
  ['{"text":"hidden"}', "Line 1 has no text as 'value' or 'prompt'."],
  ['{"value":7}', "Line 1 has no text as 'value' or 'prompt'."],
  ['""', 'Line 1 has an empty prompt.'],
  ['{"value":"hidden","metadata":[1]}', "Line 1 has 'metadata' that is not an object."],
  ['{"value":"hidden","metadata":{"a":["\\ud800"]}}', 'Line 1 holds half a surrogate pair, which is not a character.'],
  ['{"value":"hidden","\\u0000":1}', "Line 1 holds the character U+0000, which can't be stored."],
  [`{"value":"hidden","metadata":${'{"a":'.repeat(6_000)}1${'}'.repeat(6_000)}}`, 'Line 1 is nested deeper than 100 levels.'],
  ['{"value":"hidden","harm_categories":[1]}', 'Line 1 has harm categories that are not texts.'],
  ['{"value":"hidden","harm_categories":{"a":1}}', 'Line 1 has harm categories that are not texts.'],
  ['"hidden \\u0000"', 'Line 1 holds the character U+0000'],
  ['"hidden \\ud83e"', 'Line 1 holds half a surrogate pair'],
])('jsonl %j is refused', async (file, message) => {
  const told = await failure('jsonl', file);
  expect(told).toContain(`InvalidInput: ${message}`);
  expect(told).not.toContain('hidden');
});

test.each([
  ['["a", {"prompt": "b [,]"}, "c\\\\"]', ['a', 'b [,]', 'c\\']],
  ['{"prompts": ["a"]}', ['a']],
  ['{"name": "x", "tags": [1, {"prompts": ["no"]}], "about": {"seeds": ["no"]}, "seeds": [{"value":"a"}, "b"], "more": 1 }\n', ['a', 'b']],
  ['[{"value": "a", "metadata": {"deep": [[{"x": "}]\\""}]]}}]', ['a']],
])('json %s is read', async (file, expected) => {
  for (const size of [1, 3, 1_000]) expect(await values('json', file, {}, size)).toEqual(expected);
});

test.each([
  ['["a"', 'The JSON is broken after prompt 0.'],
  ['["a",]', 'The JSON is broken after prompt 1.'],
  ['["a",,"b"]', 'The JSON is broken after prompt 1.'],
  ['["a"}', 'The JSON is broken after prompt 0.'],
  ['["a" "b"]', 'Prompt 1 is not valid JSON.'],
  ['[hidden]', 'Prompt 1 is not valid JSON.'],
  ['["a"] x', 'The file must be a JSON array'],
  ['["a"]["b"]', 'The file must be a JSON array'],
  ['hidden', 'The file must be a JSON array'],
  ['"hidden"', 'The file must be a JSON array'],
  ['{"prompts": ["a"]', 'The file must be a JSON array'],
  ['{"prompts": ["a"] "x": 1}', 'The file is not valid JSON.'],
  ['{"prompts": ["a"], x: 1}', 'The file is not valid JSON.'],
  ['{"prompts": ["a"],}', 'The file must be a JSON array'],
  ['{"prompts": ["a"], "seeds": ["b"]}', 'more than one list'],
  ['{"items": ["a"]}', "The JSON object has no list 'prompts' or 'seeds'."],
  ['[]', 'The file holds no prompt.'],
  ['{}', "has no list 'prompts' or 'seeds'"],
  ['', 'The file must be a JSON array'],
  ['[["a"]]', 'Prompt 1 must be a text or an object'],
])('json %s is refused', async (file, message) => {
  const told = await failure('json', file);
  expect(told).toContain(message);
  expect(told).not.toContain('hidden');
});

test('whatever JSON.stringify writes is read back, cut anywhere', async () => {
  const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => text.trim() !== '' && !text.includes('\0'));
  const metadata = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ value, metadata }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 40 }),
      async (list, size) => {
        const expected = list.map((prompt) => ({ ...(JSON.parse(JSON.stringify(prompt)) as typeof prompt), harmCategories: [] }));
        expect(await read('json', JSON.stringify({ a: { b: 1 }, prompts: list }, null, size % 3), {}, size)).toEqual(expected);
        expect(await read('jsonl', list.map((prompt) => JSON.stringify(prompt)).join('\n'), {}, size)).toEqual(expected);
        const csv = `value\n${list.map((prompt) => `"${prompt.value.replaceAll('"', '""')}"`).join('\n')}\n`;
        expect(await values('csv', csv, {}, size)).toEqual(list.map((prompt) => prompt.value));
      },
    ),
    { numRuns: 150 },
  );
});

test.each([
  [[0x61, 0xff, 0x62], 1],
  [[0x61, 0x62, 0xc3, 0x28], 3],
  [[0xe2, 0x82, 0x0a], 2],
  [[0x61, 0xe2, 0x82], 1],
  [[0xf0, 0x9f, 0xa6], 0],
  [[0xc0, 0xaf], 0],
  [[0xed, 0xa0, 0x80], 1],
  [[...Array<number>(50).fill(0x61), 0xe4, 0x20], 51],
  [[0xff, 0xfe, 0x61, 0x00], 0],
])('bytes %j are not UTF-8 at %i, however they are cut', async (bytes, offset) => {
  for (const size of [1, 2, 3, 100]) {
    expect(await failure('text', Uint8Array.from(bytes), {}, size)).toContain(`byte ${offset} does not fit`);
  }
});

test('characters of several bytes survive any cut', async () => {
  for (const size of [1, 2, 3, 5]) expect(await values('text', 'grüß 🦄\n€', {}, size)).toEqual(['grüß 🦄', '€']);
});

test('limits are told by name', async () => {
  expect(await failure('text', 'a\nb\nc\nhidden', { maxPrompts: 3 })).toBe(
    'QuotaExceeded: A dataset may have 3 prompts, and this file has more. Split it into several datasets.',
  );
  expect(await values('text', 'a\nb\nc\n\n', { maxPrompts: 3 })).toHaveLength(3);
  expect(await failure('text', 'abcd\nabcde', { maxPromptLength: 4 })).toBe(
    'QuotaExceeded: Line 2 has a prompt of 5 characters; the limit is 4.',
  );
  expect(await failure('csv', 'value\nabcde', { maxPromptLength: 4 })).toContain('the limit is 4');
  const endless = 'x'.repeat(200_000);
  for (const [format, file] of [
    ['text', endless],
    ['jsonl', `"${endless}"`],
    ['json', `["${endless}"]`],
    ['json', `{"a": "${endless}"}`],
    ['csv', `value\n"${endless}"`],
  ] as const) {
    expect(await failure(format, file, { maxPromptLength: 10 }, 50_000)).toMatch(/^QuotaExceeded: .*a prompt may have 10/);
  }
});

test('batches hold at most 1,000 prompts, and fewer long ones', async () => {
  const sizes = async (file: string): Promise<number[]> => {
    const lengths: number[] = [];
    for await (const batch of parseDataset('text', chunked(Buffer.from(file), 65_536))) lengths.push(batch.length);
    return lengths;
  };
  expect(await sizes('prompt\n'.repeat(2_500))).toEqual([1_000, 1_000, 500]);
  expect(await sizes(`${'x'.repeat(99_000)}\n`.repeat(25))).toEqual([11, 11, 3]);
});

test('a large file, even in one piece, does not hold up other work', async () => {
  const record = { value: 'x'.repeat(500), metadata: { a: [1, 2, 3] } };
  const files: [DatasetFormat, string][] = [
    ['json', JSON.stringify(Array.from({ length: 20_000 }, () => record))],
    ['csv', `value,n\n${`"${record.value}",1\n`.repeat(20_000)}`],
    ['text', `${record.value}\n`.repeat(20_000)],
  ];
  for (const [format, file] of files) {
    const bytes = Buffer.from(file);
    let turns = 0;
    let ended = false;
    const beat = (): void => {
      turns += 1;
      if (!ended) setImmediate(beat);
    };
    setImmediate(beat);
    expect(await read(format, bytes, {}, bytes.length)).toHaveLength(20_000);
    ended = true;
    // One turn for at most 256 KiB.
    expect(turns).toBeGreaterThan(bytes.length / (256 * 1024) - 1);
  }
});

test('reading stops, and the source is closed, when the reader leaves', async () => {
  for (const [format, line] of [
    ['text', 'a\n'],
    ['csv', 'value\n'],
    ['jsonl', '"a"\n'],
  ] as const) {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from(line.repeat(5_000));
      } finally {
        closed = true;
      }
    }
    for await (const batch of parseDataset(format, source())) {
      expect(batch).toHaveLength(1_000);
      break;
    }
    expect([format, closed]).toEqual([format, true]);
  }
});

test('an error of the source is passed on as it is', async () => {
  const broken = new Error('the upload broke off');
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('value\na\n');
    throw broken;
  }
  for (const format of ['csv', 'text'] as const) {
    await expect(async () => {
      for await (const _batch of parseDataset(format, source())) expect(_batch).toBeNull();
    }).rejects.toBe(broken);
  }
});

test.each([
  ['a.csv', undefined, 'csv'],
  ['A.JSONL', 'text/plain', 'jsonl'],
  ['a.ndjson', undefined, 'jsonl'],
  ['a.json', 'application/octet-stream', 'json'],
  ['a.b.txt', undefined, 'text'],
  ['noending', 'text/csv; charset=utf-8', 'csv'],
  [undefined, 'application/x-ndjson', 'jsonl'],
  ['a.constructor', 'application/json', 'json'],
])('%s of type %s is %s', (name, type, format) => expect(formatOf(name, type)).toBe(format));

test('an unknown format is refused with those that are known', () => {
  expect(() => formatOf('a.xlsx', 'application/octet-stream')).toThrow('.csv, .jsonl, .ndjson, .json, .txt, .text');
});
