import { InvalidInput } from '#core';
import type { RevisedScorerType } from './revision.js';
import { CATEGORY, categoryOf, trueFalse } from './score.js';

export const length: RevisedScorerType = {
  name: 'length',
  title: 'Length',
  description: 'True when the answer has at least, or at most, so many characters or words.',
  revision: 1,
  scoreType: 'true_false',
  needsJudge: false,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      minimum: { type: 'integer', minimum: 0, description: 'The least length that is true; none by default.' },
      maximum: { type: 'integer', minimum: 0, description: 'The greatest length that is true; none by default.' },
      unit: {
        type: 'string',
        enum: ['characters', 'words'],
        default: 'characters',
        description: 'Characters (Unicode code points), or words (runs of anything but white space).',
      },
      ...CATEGORY,
    },
  },
  create(parameters) {
    const { minimum, maximum, unit } = parameters as { minimum?: number; maximum?: number; unit: 'characters' | 'words' };
    if (minimum === undefined && maximum === undefined) {
      throw new InvalidInput('The length has no bound.', [{ pointer: '/parameters/minimum', detail: 'give a minimum, a maximum or both' }]);
    }
    const [least, most] = [minimum ?? 0, maximum ?? Infinity];
    if (least > most) {
      throw new InvalidInput('No length fits.', [{ pointer: '/parameters/maximum', detail: 'must not be less than the minimum' }]);
    }
    return ({ response }) => {
      const measured = unit === 'words' ? countWords(response) : countCharacters(response);
      const bounds = [minimum === undefined ? [] : `at least ${minimum}`, maximum === undefined ? [] : `at most ${maximum}`]
        .flat()
        .join(' and ');
      return trueFalse(
        measured >= least && measured <= most,
        categoryOf(parameters),
        `The answer has ${measured} ${unit}; true is ${bounds}.`,
        { [unit]: measured },
      );
    };
  },
};

function countCharacters(text: string): number {
  let low = 0;
  for (let at = 0; at < text.length; at++) if ((text.codePointAt(at) ?? 0) > 0xffff) low += 1;
  return text.length - low;
}

function countWords(text: string): number {
  return text.match(/\S+/gu)?.length ?? 0;
}
