import { describe, expect, it } from '@jest/globals';
import { Spending, SpendingLimitReached } from './spending.js';

const none = { maxRequests: null, maxTokens: null, maxCost: null };
const nothing = { requests: 0, tokens: 0, cost: 0 };
const usage = { inputTokens: 600, outputTokens: 400 };

describe('the spending of an execution', () => {
  it('is counted, and limits nothing unless it is told to', () => {
    const spending = new Spending(none, { requests: 3, tokens: 5, cost: 0.5 });
    spending.request();
    spending.request();
    spending.unsent();
    spending.answer(usage, { input: 1_000, output: 2_000 });
    spending.answer(usage, null);
    spending.answer(null, null);
    expect(spending.spent).toEqual({ requests: 4, tokens: 2_005, cost: expect.closeTo(1.9) });
    expect(spending.reached.aborted).toBe(false);
  });

  it('lets exactly as many requests pass as it may; one that was not sent makes room for another', () => {
    const spending = new Spending({ ...none, maxRequests: 5 }, { ...nothing, requests: 3 });
    spending.request();
    spending.unsent();
    spending.request();
    spending.request();
    expect(spending.reached.aborted).toBe(false);
    expect(() => spending.request()).toThrow(SpendingLimitReached);
    expect(spending.reached.reason).toMatchObject({ message: expect.stringContaining('5 requests') });
    expect(spending.spent.requests).toBe(5);
  });

  it.each([
    ['tokens', { ...none, maxTokens: 2_000 }, /2000 of the 2000 tokens/],
    ['cost', { ...none, maxCost: 2.8 }, /2\.8 of the 2\.8/],
  ])('ends at the first answer that reaches the limit of %s', (_what, limits, reason) => {
    const spending = new Spending(limits, nothing);
    spending.answer(usage, { input: 1_000, output: 2_000 });
    expect(spending.reached.aborted).toBe(false);
    spending.answer(usage, { input: 1_000, output: 2_000 });
    expect(spending.reached.reason).toMatchObject({ message: expect.stringMatching(reason) });
    expect(() => spending.request()).toThrow(SpendingLimitReached);
  });

  it('that is at its limit already ends before the first request', () => {
    expect(new Spending({ ...none, maxTokens: 10 }, { ...nothing, tokens: 10 }).reached.aborted).toBe(true);
    expect(() => new Spending({ ...none, maxRequests: 0 }, nothing).request()).toThrow(SpendingLimitReached);
  });

  it('ends where a limit can not be kept because the endpoint does not count', () => {
    const spending = new Spending({ ...none, maxTokens: 1_000_000 }, nothing);
    spending.answer(null, null);
    expect(spending.reached.reason).toMatchObject({ message: expect.stringContaining('does not say how many tokens') });
  });
});
