import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TokenBucket } from './token-bucket.js';

describe('a token bucket', () => {
  it('lets no more pass in any span of time than its rate allows, and one bucket or one large request more', () => {
    const check = (perMinute: number, steps: { ms: number; amount: number; wait: boolean }[]): void => {
      const bucket = new TokenBucket();
      bucket.setRate(perMinute, 0);
      const taken: { at: number; amount: number }[] = [];
      let now = 0;
      for (const { ms, amount, wait } of steps) {
        now += ms;
        const waitMs = bucket.waitMs(amount, 0, now);
        if (waitMs > 0 && !wait) continue;
        now += waitMs;
        expect(bucket.waitMs(amount, 0, now)).toBe(0);
        bucket.take(amount, now);
        taken.push({ at: now, amount });
      }
      const largest = Math.max(1, perMinute / 60, ...taken.map(({ amount }) => amount));
      for (const [index, { at }] of taken.entries()) {
        let sum = 0;
        for (const later of taken.slice(index)) {
          sum += later.amount;
          expect(sum).toBeLessThanOrEqual(((later.at - at) * perMinute) / 60_000 + largest + 1e-3);
        }
      }
    };
    const step = fc.record({ ms: fc.nat(3_000), amount: fc.integer({ min: 1, max: 300 }), wait: fc.boolean() });
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000 }), fc.array(step, { maxLength: 60 }), check));
  });

  it('promises no more than it has', () => {
    const bucket = new TokenBucket();
    bucket.setRate(300, 0);
    expect([1, 2, 3, 4].map((promised) => bucket.waitMs(1, promised, 0))).toEqual([0, 0, 0, 0]);
    expect(bucket.waitMs(1, 5, 0)).toBe(Infinity);
    bucket.take(3, 0);
    expect([bucket.waitMs(1, 1, 0), bucket.waitMs(1, 2, 0)]).toEqual([0, 200]);
  });

  it('keeps what is owed through changes of its rate', () => {
    const bucket = new TokenBucket();
    expect([bucket.waitMs(1_000, 0, 0), bucket.isFull(0)]).toEqual([0, true]);
    bucket.setRate(60, 0);
    bucket.take(11, 0);
    bucket.setRate(null, 0);
    expect([bucket.waitMs(1, 0, 0), bucket.isFull(0)]).toEqual([0, false]);
    bucket.setRate(600, 1_000);
    expect(bucket.waitMs(1, 0, 1_000)).toBe(1_000);
    expect([bucket.isFull(2_800), bucket.isFull(2_900)]).toEqual([false, true]);
  });

  it('takes corrections both ways, and is never more than full', () => {
    const bucket = new TokenBucket();
    bucket.setRate(60, 0);
    bucket.give(100, 0);
    bucket.take(1, 0);
    expect(bucket.waitMs(1, 0, 0)).toBe(1_000);
    bucket.give(-9, 0);
    expect(bucket.waitMs(1, 0, 0)).toBe(10_000);
  });
});
