import { describe, expect, it } from '@jest/globals';
import { faultsOf, scoreByRule } from './testing/rule.js';

describe('substring', () => {
  it.each([
    [{ substring: 'SECRET' }, 'the secret is out', 'true', 'The answer contains “SECRET”.'],
    [{ substring: 'SECRET', caseSensitive: true }, 'the secret', 'false', 'The answer contains none of the texts looked for (1).'],
    [{ substring: ['a', 'b'] }, 'only b', 'true', 'The answer contains “b”.'],
    [{ substring: ['a', 'b'], match: 'all' }, 'only b', 'false', 'The answer does not contain “a”.'],
    [{ substring: ['a', 'b'], match: 'all' }, 'both: ab', 'true', 'The answer contains all of the texts looked for (2).'],
    [{ substring: 'שלום' }, 'אמר שלום!', 'true', 'The answer contains “שלום”.'],
    [{ substring: 'x' }, '', 'false', 'The answer contains none of the texts looked for (1).'],
  ])('%j in %j is %s', async (parameters, response, value, rationale) => {
    expect(await scoreByRule('substring', { ...parameters, category: 'leak' }, response)).toEqual({
      type: 'true_false',
      value,
      category: 'leak',
      rationale,
      metadata: null,
    });
  });

  it('needs a text', () => {
    expect(faultsOf('substring', { substring: [] })[0]?.pointer).toBe('/parameters/substring');
    expect(faultsOf('substring', { substring: '' })[0]?.pointer).toBe('/parameters/substring');
  });
});
