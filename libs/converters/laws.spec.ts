import { describe, expect, it } from '@jest/globals';
import { growth } from '#core/testing';
import { assert, oneof, property, string } from 'fast-check';
import { InvalidInput, seededRandom, type Converter, type JsonObject, type JsonSchema } from '#core';
import { applyChain, converters, MAX_CONVERTED_CHARACTERS } from './index.js';

/** What a type can't do without. */
const REQUIRED: Readonly<Record<string, JsonObject>> = {
  'repeat-token': { token: 'x' },
  'search-replace': { search: 'e', replacement: '$&' },
  'suffix-append': { suffix: 'x' },
  template: { template: '[{{ prompt }}]' },
  vigenere: { key: 'Key' },
};
const ADDS = new Set(['repeat-token', 'suffix-append', 'template']);
const RANDOM: Readonly<Record<string, JsonObject>> = {
  'insert-punctuation': { place: 'anywhere' },
  leetspeak: { probability: 0.5 },
  'random-case': {},
  'unicode-confusable': {},
  zalgo: {},
};

function build(name: string, parameters: JsonObject = REQUIRED[name] ?? {}): Converter {
  return converters.get(name).create(converters.validate(name, parameters));
}

function run(converter: Converter, text: string, seed = 'laws'): string {
  return converter(text, { random: seededRandom(seed) });
}

function catchFault(work: () => unknown): InvalidInput {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe.each(converters.list().map((type) => type.name))('%s', (name) => {
  it('is described, with every parameter of it', () => {
    const { title, description, schema } = converters.get(name);
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(title).not.toBe('');
    expect(description).toMatch(/\.$/);
    expect(schema['additionalProperties']).toBe(false);
    const properties = Object.entries(schema['properties'] as Record<string, JsonSchema>);
    const required = (schema['required'] ?? []) as readonly string[];
    expect(properties.filter(([, property]) => typeof property['description'] !== 'string')).toEqual([]);
    expect(properties.filter(([key, property]) => !required.includes(key) && !('default' in property))).toEqual([]);
  });

  it('gives well-formed text for any, the same for the same seed, and leaves the empty one empty unless it adds something', () => {
    const converter = build(name);
    const texts = oneof(string({ unit: 'grapheme', maxLength: 60 }), string({ unit: 'binary', maxLength: 60 }));
    assert(
      property(texts, string(), (text, seed) => {
        const converted = run(converter, text, seed);
        // A u-flagged regex sees a lone surrogate as a code point of its own.
        return !/\p{Surrogate}/u.test(converted) && run(converter, text, seed) === converted;
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(run(converter, '') === '').toBe(!ADDS.has(name));
  });

  it('takes time that grows with the length of a text, not with its square', async () => {
    const converter = build(name);
    for (const piece of ['Hello world, is this a long text? '.repeat(300), 'שלום 👩‍👩‍👧 e\u0301 日本 Text. '.repeat(430)]) {
      expect(await growth((size) => run(converter, piece.repeat(size)))).toBeLessThan(40);
    }
  });
});

describe.each(Object.entries(RANDOM))('the randomness of %s', (name, parameters) => {
  it('comes from the seed alone', () => {
    const converter = build(name, parameters);
    const text = 'A sentence that has letters enough to differ.';
    expect(run(converter, text, 'a')).toBe(run(converter, text, 'a'));
    expect(run(converter, text, 'a')).not.toBe(run(converter, text, 'b'));
  });
});

describe('random converters', () => {
  it('only add, or only change what they may', () => {
    const text = 'Some text, 👩‍👩‍👧 with marks.';
    expect(run(build('zalgo'), text).replace(/[\u0300-\u036f]/g, '')).toBe(text);
    expect(run(build('random-case'), text).toLowerCase()).toBe(text.toLowerCase());
    expect(run(build('insert-punctuation', { marks: '§', probability: 0.5, place: 'anywhere' }), text).replaceAll('§', '')).toBe(text);
    expect(Array.from(run(build('unicode-confusable'), text))).toHaveLength(Array.from(text).length);
    expect(run(build('unicode-confusable'), text)).not.toMatch(/[A-Za-z]/);
  });

  it('act as often as their probability says', () => {
    const changed = Array.from(run(build('leetspeak', { probability: 0.3 }), 'e'.repeat(10_000))).filter((letter) => letter === '3').length;
    expect(changed).toBeGreaterThan(2_800);
    expect(changed).toBeLessThan(3_200);
  });

  it('pile no more marks than their intensity', () => {
    const marks = run(build('zalgo', { intensity: 3 }), 'x'.repeat(500))
      .split('x')
      .slice(1);
    expect(new Set(marks.map((pile) => pile.length))).toEqual(new Set([1, 2, 3]));
  });
});

describe('template', () => {
  it.each(['no placeholder', '{{ prompt }} and {{prompt}}', '{ prompt }', '{{ Prompt }}'])('refuses %j', (template) => {
    expect(catchFault(() => build('template', { template })).faults).toEqual([
      { pointer: '/parameters/template', detail: 'must contain {{ prompt }} exactly once' },
    ]);
  });
});

describe('applyChain', () => {
  const chain = [build('suffix-append', { suffix: 'b', separator: '' }), build('base64'), build('reverse')];

  it('applies one after the other', () => {
    expect(applyChain(chain, 'a', () => seededRandom('x'))).toBe('=IWY');
    expect(applyChain([], 'a', () => seededRandom('x'))).toBe('a');
  });

  it('gives each place in the chain its own stream', () => {
    const asked: number[] = [];
    const randomFor = (index: number): ReturnType<typeof seededRandom> => {
      asked.push(index);
      return seededRandom(`item/${index}`);
    };
    const twice = applyChain([build('random-case'), build('zalgo')], 'Same text', randomFor);
    expect(asked).toEqual([0, 1]);
    expect(applyChain([build('random-case'), build('zalgo')], 'Same text', randomFor)).toBe(twice);
  });

  it('refuses a text that grows over the limit, before it fills the memory', () => {
    const limit = 'x'.repeat(MAX_CONVERTED_CHARACTERS);
    const random = (): ReturnType<typeof seededRandom> => seededRandom('x');
    expect(applyChain([build('rot13')], limit, random)).toHaveLength(MAX_CONVERTED_CHARACTERS);
    expect(() => applyChain([build('rot13')], `${limit}x`, random)).toThrow(InvalidInput);
    const explode = build('search-replace', { search: 'x', replacement: 'y'.repeat(10_000) });
    for (const converter of [explode, build('binary'), build('zalgo'), build('nato'), build('zero-width'), build('emoji')]) {
      expect(() => applyChain([converter], limit, random)).toThrow('at most 1000000 characters');
    }
    expect(() =>
      applyChain(
        Array.from({ length: 40 }, () => build('hex')),
        'x',
        random,
      ),
    ).toThrow(InvalidInput);
  });
});
