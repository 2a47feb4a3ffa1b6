import { expect, it } from '@jest/globals';
import { RETRY_BUDGET, RetryBudget } from './retry-budget.js';

it('a retry budget is spent by retries, earned by answers, and comes slowly by itself', () => {
  const budget = new RetryBudget(RETRY_BUDGET);
  for (let n = 0; n < 20; n++) {
    expect(budget.waitMs(0)).toBe(0);
    budget.spend();
  }
  expect([budget.waitMs(0), budget.waitMs(400), budget.waitMs(1_000)]).toEqual([1_000, 600, 0]);
  budget.spend();
  budget.earn();
  expect(budget.waitMs(1_000)).toBe(500);
  budget.earn();
  expect(budget.waitMs(1_000)).toBe(0);
  budget.spend();
  budget.refund();
  expect([budget.waitMs(1_000), budget.isRestored(1_000)]).toEqual([0, false]);
  expect([budget.isRestored(19_000), budget.isRestored(20_000)]).toEqual([false, true]);
  for (let n = 0; n < 1_000; n++) budget.earn();
  for (let n = 0; n < 100; n++) budget.spend();
  expect(budget.waitMs(20_000)).toBe(1_000);
});
