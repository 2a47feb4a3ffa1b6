import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ITEM_STATES, type Coverage, type ExecutionEvent, type SettledState } from '#core';
import { Tally } from './tally.js';

const start: Coverage = { planned: 100, open: 60, answered: 0, scored: 30, blocked: 0, errored: 10, skipped: 0, cancelled: 0, unknown: 0 };

it('counts what is settled, nothing else, and always sums to what was planned', () => {
  const settled = ITEM_STATES.filter((state) => state !== 'open') as SettledState[];
  const check = (states: SettledState[]): void => {
    const tally = new Tally(start);
    for (const [index, state] of states.entries()) {
      const settled: ExecutionEvent = { kind: 'item-settled', itemId: String(index), scoringRunId: 'r', state, reason: null, at: 0 };
      tally.add([{ kind: 'attempt-lost', attemptId: 'a', itemId: String(index), at: 0 }, settled]);
    }
    const coverage = tally.coverage();
    expect(coverage.planned).toBe(100);
    expect(ITEM_STATES.reduce((sum, state) => sum + coverage[state], 0)).toBe(100);
    expect(coverage.open).toBe(60 - states.length);
    expect(coverage.scored).toBe(30 + states.filter((state) => state === 'scored').length);
  };
  fc.assert(fc.property(fc.array(fc.constantFrom(...settled), { maxLength: 60 }), check));
  expect(new Tally(start).coverage()).toEqual(start);
});
