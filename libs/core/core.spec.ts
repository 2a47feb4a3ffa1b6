import { describe, expect, it, jest } from '@jest/globals';
import { canonicalJson, contentId, InvalidInput, isUuid, Registry, seededRandom, sha256, steadyClock, uuidv7 } from './index.js';

describe('uuidv7', () => {
  it('is a version 7 UUID, and strictly increasing within the process, also past one counter overflow per millisecond', () => {
    const ids = Array.from({ length: 10_000 }, () => uuidv7(1_700_000_000_000));
    expect(ids.every(isUuid)).toBe(true);
    expect(ids.every((id) => /^.{14}7.{4}[89ab]/.test(id))).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('content', () => {
  it('has the same id whatever the order of its keys', () => {
    expect(contentId({ a: 1, b: [{ d: 1, c: 2 }] })).toBe(contentId({ b: [{ c: 2, d: 1 }], a: 1 }));
    expect(contentId({ a: 1 })).not.toBe(contentId({ a: 2 }));
    expect(contentId({ a: 1 })).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(canonicalJson({ b: undefined, a: null })).toBe('{"a":null}');
  });

  it('is hashed as SHA-256 of UTF-8', () => {
    expect(sha256('Hello')).toBe('185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969');
  });
});

describe('seededRandom', () => {
  it('repeats for one seed, differs for another and covers its range evenly', () => {
    const take = (seed: string): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(take('a')).toEqual(take('a'));
    expect(take('a')).not.toEqual(take('b'));
    const random = seededRandom('even');
    const counts = Array.from({ length: 10 }, () => 0);
    for (let drawn = 0; drawn < 10_000; drawn++) {
      const digit = random.integer(10);
      counts[digit] = (counts[digit] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(900);
  });
});

describe('Registry', () => {
  const registry = new Registry('converter', [
    {
      name: 'caesar',
      title: 'Caesar',
      description: 'Shifts letters.',
      schema: {
        type: 'object',
        additionalProperties: false,
        properties: { shift: { type: 'integer', minimum: 1, maximum: 25, default: 3 }, alphabet: { type: 'string' } },
        required: ['alphabet'],
      },
    },
  ]);

  it('fills defaults into a copy', () => {
    const given = { alphabet: 'abc' };
    expect(registry.validate('caesar', given)).toEqual({ alphabet: 'abc', shift: 3 });
    expect(given).toEqual({ alphabet: 'abc' });
  });

  it('names every field that is wrong', () => {
    let error: unknown;
    try {
      registry.validate('caesar', { shift: 99, key: 1 });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(InvalidInput);
    const pointers = (error as InvalidInput).faults.map((fault) => fault.pointer).sort();
    expect(pointers).toEqual(['/parameters/alphabet', '/parameters/key', '/parameters/shift']);
  });

  it('says which types exist', () => {
    expect(() => registry.get('rot13')).toThrow(InvalidInput);
  });
});

describe('steadyClock', () => {
  it('does not jump with the time of the machine', () => {
    const before = steadyClock.now();
    const time = jest.spyOn(Date, 'now').mockReturnValue(0);
    const after = steadyClock.now();
    time.mockRestore();
    expect(after - before).toBeGreaterThanOrEqual(0);
    expect(after - before).toBeLessThan(60_000);
  });
});
