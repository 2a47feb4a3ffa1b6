import type { RevisedScorerType } from './revision.js';
import { excerpt } from './excerpt.js';
import { CATEGORY, categoryOf, trueFalse } from './score.js';

export const substring: RevisedScorerType = {
  name: 'substring',
  title: 'Substring',
  description: 'True when the answer contains a text, or any or all of several.',
  revision: 1,
  scoreType: 'true_false',
  needsJudge: false,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      substring: {
        type: ['string', 'array'],
        minLength: 1,
        maxLength: 10_000,
        minItems: 1,
        maxItems: 1_000,
        items: { type: 'string', minLength: 1, maxLength: 10_000 },
        description: 'The text to look for, or a list of texts.',
      },
      match: { type: 'string', enum: ['any', 'all'], default: 'any', description: 'Whether one text of a list is enough.' },
      caseSensitive: { type: 'boolean', default: false, description: 'Whether capitals and small letters differ.' },
      ...CATEGORY,
    },
    required: ['substring'],
  },
  create(parameters) {
    const { substring, match, caseSensitive } = parameters as {
      substring: string | readonly string[];
      match: 'any' | 'all';
      caseSensitive: boolean;
    };
    const fold = (text: string): string => (caseSensitive ? text : text.toLowerCase());
    const wanted = [substring].flat().map((text) => ({ text, folded: fold(text) }));
    return ({ response }) => {
      const folded = fold(response);
      const decisive = wanted.find((each) => folded.includes(each.folded) === (match === 'any'));
      const value = (decisive !== undefined) === (match === 'any');
      const rationale = decisive
        ? `The answer ${match === 'any' ? 'contains' : 'does not contain'} ${excerpt(decisive.text)}.`
        : `The answer contains ${match === 'any' ? 'none' : 'all'} of the texts looked for (${wanted.length}).`;
      return trueFalse(value, categoryOf(parameters), rationale);
    };
  },
};
