import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, jsonValue, property } from 'fast-check';
import type { JsonValue } from '#core';
import { redacted } from './redaction.js';

const ADA = '01890000-0000-7000-8000-0000000000ad';
const whom = { names: ['ada_lovelace', 'ada@example.org', 'al'], userIds: [ADA] };
const clean = (value: JsonValue): JsonValue => redacted(value, whom).value;

describe('a text without somebody', () => {
  it.each<[string, JsonValue, JsonValue]>([
    [
      'a name, however it is written',
      ['Ada Lovelace', ' ADA_LOVELACE', 'Ａda  Lovelace', 'AL'],
      ['(erased)', '(erased)', '(erased)', '(erased)'],
    ],
    ['a name in a path or a sentence', 'The file /home/ada_lovelace/x.db of Ada Lovelace.', 'The file /home/(erased)/x.db of (erased).'],
    ['an address', { mail: 'Ada@Example.org, ben@example.org' }, { mail: '(erased), ben@example.org' }],
    ['no longer name that begins alike', 'ada_lovelace2, bada_lovelace', 'ada_lovelace2, bada_lovelace'],
    ['no short name inside of a text', 'al dente', 'al dente'],
    [
      'names of members where people are',
      { names: { al: 3, ben: 1 }, userIds: { al: ADA } },
      { names: { '(erased)': 3, ben: 1 }, userIds: { '(erased)': ADA } },
    ],
    ['no names of members elsewhere, and no words of ours', { al: 1, noun: 'al', state: 'al' }, { al: 1, noun: 'al', state: 'al' }],
    [
      'lists of what is to be done',
      { recipients: [ADA, null, 'ben', 'al'], memories: [{ person: ADA }] },
      { recipients: [null, 'ben'], memories: [{ person: ADA }] },
    ],
  ])('has %s', (_what, before, after) => {
    expect(clean(before)).toEqual(after);
    expect(clean(after)).toEqual(after);
  });

  it('says whether it was about them, also where only the id was there', () => {
    expect(redacted({ user: ADA }, whom)).toEqual({ value: { user: ADA }, touched: true });
    expect(redacted({ user: 'ben', n: [1, null, true] }, whom)).toEqual({ value: { user: 'ben', n: [1, null, true] }, touched: false });
  });

  it('has no name left, and is otherwise as it was', () => {
    const values = array(constantFrom<JsonValue>('Ada Lovelace', 'x ada@example.org y', 'ben', 7, null), { maxLength: 5 });
    assert(
      property(values, jsonValue(), (list, rest) => {
        const { value, touched } = redacted([...list, rest], { names: ['ada_lovelace', 'ada@example.org'], userIds: [] });
        expect(JSON.stringify(value)).not.toMatch(/ada lovelace|ada@example/i);
        expect(touched).toBe(list.some((each) => typeof each === 'string' && /ada/i.test(each)));
        if (!touched) expect(value).toEqual([...list, rest]);
      }),
    );
  });
});
