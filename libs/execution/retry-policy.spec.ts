import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { GeneratorError, type GeneratorFault } from '#core';
import { askedPauseMs, DEFAULT_RETRIES, retryCost, retryDelayMs, type Tries } from './retry-policy.js';

const policy = { maxRetries: 4, baseMs: 100, maxMs: 1_000 };
const failure = (fault: GeneratorFault, retryAfterMs: number | null = null): GeneratorError =>
  new GeneratorError(fault, 'no', { retryAfterMs });

/** After so many retries that counted in full. */
const after = (retries: number): Tries => ({ spent: retries + 1, failures: retries + 1 });

describe('the delay before a retry', () => {
  it('grows twofold up to the most, with full jitter', () => {
    const delays = [0, 1, 2, 3].map((retry) =>
      [0, 0.5, 1].map((drawn) => retryDelayMs(policy, after(retry), failure('timeout'), () => drawn)),
    );
    expect(delays).toEqual([
      [0, 50, 100],
      [0, 100, 200],
      [0, 200, 400],
      [0, 400, 800],
    ]);
    expect(retryDelayMs({ ...policy, maxRetries: 2_000 }, after(1_999), failure('unavailable'), () => 0.5)).toBe(500);
  });

  it('is never shorter than what the endpoint asked for, up to five minutes', () => {
    const check = (asked: number, retry: number, drawn: number): void => {
      const delayMs = retryDelayMs(policy, after(retry), failure('rate-limited', asked), () => drawn) ?? Number.NaN;
      expect(delayMs).toBeGreaterThanOrEqual(Math.min(asked, 300_000));
      expect(delayMs).toBeLessThanOrEqual(Math.min(asked, 300_000) + policy.maxMs / 4);
    };
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), fc.nat(3), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), check),
    );
    expect([askedPauseMs(failure('rate-limited', Infinity)), askedPauseMs(failure('rate-limited'))]).toEqual([300_000, null]);
  });

  it('is null after the last retry, and at once where sending again does not help', () => {
    expect(retryDelayMs(policy, after(4), failure('timeout'), () => 0)).toBeNull();
    expect(retryDelayMs({ ...policy, maxRetries: 0 }, after(0), failure('timeout'), () => 0)).toBeNull();
    const helps = (
      ['rate-limited', 'unavailable', 'timeout', 'invalid-answer', 'rejected', 'unauthorized', 'forbidden-address'] as const
    ).map((fault) => retryDelayMs(DEFAULT_RETRIES, after(0), failure(fault), () => 0) !== null);
    expect(helps).toEqual([true, true, true, true, false, false, false]);
  });
});

describe("what a failure costs of an item's retries", () => {
  const overloaded = new GeneratorError('unavailable', 'no', { status: 503 });

  it('is nothing while the endpoint is down, and little for a throttle while others are answered', () => {
    for (const error of [failure('rate-limited'), overloaded]) {
      expect(retryCost(error, true, false)).toBe(0);
      expect(retryCost(error, false, false)).toBe(1);
      expect(retryCost(error, false, true)).toBe(1 / 16);
    }
    expect([retryCost(failure('timeout'), true, true), retryCost(failure('timeout'), false, true)]).toEqual([0, 1]);
  });

  it('is over in the end: throttles alone use the retries up, too', () => {
    let spent = 0;
    let tries = 0;
    while (retryDelayMs(policy, { spent, failures: tries }, overloaded, () => 0) !== null) {
      spent += retryCost(overloaded, false, true);
      tries += 1;
    }
    expect(tries).toBe(policy.maxRetries * 16 + 1);
  });
});
