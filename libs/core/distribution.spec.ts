import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Distribution } from './distribution.js';

describe('a distribution', () => {
  it('counts what is not above each bound, and what is above the last', () => {
    const distribution = new Distribution([1, 2, 5]);
    expect([distribution.cumulative(), distribution.count, distribution.sum]).toEqual([[0, 0, 0], 0, 0]);
    for (const value of [0, 1, 1.5, 2, 6, 5]) distribution.add(value);
    expect([distribution.cumulative(), distribution.count, distribution.sum]).toEqual([[2, 4, 5], 6, 15.5]);
  });

  it('is what counting anew would say, for any bounds and values', () => {
    const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 8 }), numbers, (unordered, values) => {
        const bounds = unordered.toSorted((a, b) => a - b);
        const distribution = new Distribution(bounds);
        for (const value of values) distribution.add(value);
        expect(distribution.cumulative()).toEqual(bounds.map((bound) => values.filter((value) => value <= bound).length));
        expect(distribution.count).toBe(values.length);
        expect(distribution.sum).toBe(values.reduce((sum, value) => sum + value, 0));
      }),
    );
  });
});
