import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { GeneratorError, type GeneratorFault } from '#core';
import { askedPauseMs, DEFAULT_RETRIES, retryDelayMs } from './retry-policy.js';

const policy = { maxRetries: 4, baseMs: 100, maxMs: 1_000 };
const failure = (fault: GeneratorFault, retryAfterMs: number | null = null): GeneratorError =>
  new GeneratorError(fault, 'no', { retryAfterMs });

describe('the delay before a retry', () => {
  it('grows twofold up to the most, with full jitter', () => {
    const delays = [0, 1, 2, 3].map((retry) => [0, 0.5, 1].map((drawn) => retryDelayMs(policy, retry, failure('timeout'), () => drawn)));
    expect(delays).toEqual([
      [0, 50, 100],
      [0, 100, 200],
      [0, 200, 400],
      [0, 400, 800],
    ]);
    expect(retryDelayMs({ ...policy, maxRetries: 2_000 }, 1_999, failure('unavailable'), () => 0.5)).toBe(500);
  });

  it('is never shorter than what the endpoint asked for, and finite whatever it asked for', () => {
    const check = (asked: number, retry: number, drawn: number): void => {
      const delayMs = retryDelayMs(policy, retry, failure('rate-limited', asked), () => drawn) ?? Number.NaN;
      expect(delayMs).toBeGreaterThanOrEqual(Math.min(asked, 86_400_000));
      expect(delayMs).toBeLessThanOrEqual(Math.min(asked, 86_400_000) + policy.maxMs / 4);
    };
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), fc.nat(3), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), check),
    );
    expect([askedPauseMs(failure('rate-limited', Infinity)), askedPauseMs(failure('rate-limited'))]).toEqual([86_400_000, null]);
  });

  it('is null after the last retry, and at once where sending again does not help', () => {
    expect(retryDelayMs(policy, 4, failure('timeout'), () => 0)).toBeNull();
    expect(retryDelayMs({ ...policy, maxRetries: 0 }, 0, failure('timeout'), () => 0)).toBeNull();
    const helps = (
      ['rate-limited', 'unavailable', 'timeout', 'invalid-answer', 'rejected', 'unauthorized', 'forbidden-address'] as const
    ).map((fault) => retryDelayMs(DEFAULT_RETRIES, 0, failure(fault), () => 0) !== null);
    expect(helps).toEqual([true, true, true, true, false, false, false]);
  });
});
