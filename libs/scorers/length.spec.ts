import { describe, expect, it } from '@jest/globals';
import { faultsOf, scoreByRule } from './testing/rule.js';

describe('length', () => {
  it('counts characters by code point, or words', async () => {
    const rows = [
      [{ minimum: 3 }, 'a👋b'],
      [{ minimum: 4 }, 'a👋b'],
      [{ maximum: 3 }, 'a👋b'],
      [{ minimum: 2, maximum: 2, unit: 'words' }, ' two\n words '],
      [{ maximum: 0, unit: 'words' }, ' '],
    ] as const;
    const scores = await Promise.all(rows.map(([parameters, response]) => scoreByRule('length', parameters, response)));
    expect(scores.map((score) => score.value)).toEqual(['true', 'false', 'true', 'true', 'true']);
    const bounded = await scoreByRule('length', { minimum: 2, maximum: 9 }, 'a');
    expect(bounded.rationale).toBe('The answer has 1 characters; true is at least 2 and at most 9.');
    expect(bounded.metadata).toEqual({ characters: 1 });
  });

  it('needs a bound, and a sensible one', () => {
    expect(faultsOf('length', {})[0]?.pointer).toBe('/parameters/minimum');
    expect(faultsOf('length', { minimum: 2, maximum: 1 })[0]?.pointer).toBe('/parameters/maximum');
  });
});
