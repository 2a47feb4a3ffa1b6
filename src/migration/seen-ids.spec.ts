import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SeenIds } from './seen-ids.js';

it('knows what it has seen, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 2_000 }), fc.array(fc.string(), { maxLength: 200 }), (ids, others) => {
      const seen = new SeenIds();
      for (const id of ids) seen.add(id);
      const known = new Set(ids);
      for (const id of [...ids, ...others]) expect(seen.has(id)).toBe(known.has(id));
    }),
    { numRuns: 50 },
  );
});

it('knows a hundred thousand', () => {
  const seen = new SeenIds();
  for (let n = 0; n < 100_000; n++) seen.add(`message ${n}`);
  const numbers = Array.from({ length: 100_000 }, (_, n) => n);
  expect(numbers.filter((n) => !seen.has(`message ${n}`))).toEqual([]);
  expect(numbers.filter((n) => seen.has(`stranger ${n}`))).toEqual([]);
});
