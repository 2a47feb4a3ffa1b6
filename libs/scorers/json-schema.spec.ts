import { describe, expect, it } from '@jest/globals';
import { faultsOf, scoreByRule } from './testing/rule.js';

describe('json-schema', () => {
  const schema = {
    type: 'object',
    required: ['a'],
    properties: { a: { type: 'string', pattern: '^(x+x+)+y$' }, l: { uniqueItems: true } },
  };

  it.each([
    ['{"a":"xxy"}', 'true'],
    [' {"a":"xxy"}\n', 'true'],
    ['Here:\n```json\n{"a":"xxy"}\n```\nDone.', 'true'],
    ['```text\nno\n``` or ```\n{"a":"xxy"}```', 'true'],
    ['Here: {"a":"xxy"}', 'false'],
    ['{"a":"y"}', 'false'],
    ['{"l":[]}', 'false'],
    ['{"a":"xxy","l":[{"b":1,"c":2},{"c":2,"b":1}]}', 'false'],
    ['{"a":"xxy","l":[1,"1",[1]]}', 'true'],
    ['', 'false'],
    [`{"a":"xxy","b":"${' '.repeat(100_000)}"}`, 'false'],
  ])('%.40j is %s', async (response, value) => {
    expect((await scoreByRule('json-schema', { schema }, response)).value).toBe(value);
  });

  it('may refuse the fence, and says what does not fit', async () => {
    expect((await scoreByRule('json-schema', { schema: {}, allowFence: false }, '```\n1\n```')).value).toBe('false');
    expect((await scoreByRule('json-schema', { schema: { minimum: 5 } }, '4')).rationale).toBe('It does not fit: / must be >= 5.');
  });

  it('comes to an end with patterns, unique items and depths that are made to be slow', async () => {
    const slow = JSON.stringify({ a: 'x'.repeat(90_000) });
    const many = JSON.stringify({ a: 'xxy', l: Array.from({ length: 9_000 }, (_, at) => [at]) });
    const deep = `${'['.repeat(40_000)}${']'.repeat(40_000)}`;
    expect((await scoreByRule('json-schema', { schema }, slow)).value).toBe('false');
    expect((await scoreByRule('json-schema', { schema }, many)).value).toBe('true');
    expect((await scoreByRule('json-schema', { schema: { items: { $ref: '#' } } }, deep)).rationale).toContain('nested too deep');
  });

  it('gives up on a schema whose references double, before it holds up the process', async () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 28 }, (_, at) => [`d${at}`, { anyOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] }]),
    );
    const bomb = { $ref: '#/$defs/d0', $defs: { ...doubling, d28: { type: 'number' } } };
    await expect(scoreByRule('json-schema', { schema: bomb }, '"x"')).rejects.toThrow('The schema takes too long on this answer.');
    expect((await scoreByRule('json-schema', { schema: { type: 'string' } }, '"x"')).value).toBe('true');
  });

  it.each([{ type: 'nothing' }, { pattern: 'a(?=b)' }, { $ref: 'https://example.com/x' }, { $async: true }, { pattern: '[ab]{900}' }])(
    'refuses the schema %j',
    (schema) => {
      expect(faultsOf('json-schema', { schema }).map((fault) => fault.pointer)).toEqual(['/parameters/schema']);
    },
  );
});
