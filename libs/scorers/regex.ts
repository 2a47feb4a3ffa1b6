import type { RevisedScorerType } from './revision.js';
import { excerpt } from './excerpt.js';
import { Pattern } from './pattern.js';
import { CATEGORY, categoryOf, trueFalse } from './score.js';

export const regex: RevisedScorerType = {
  name: 'regex',
  title: 'Regular expression',
  description:
    'True when a pattern of RE2 syntax is found in the answer. RE2 has no look-around and no back-references, and needs linear time.',
  revision: 1,
  scoreType: 'true_false',
  needsJudge: false,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      pattern: {
        type: 'string',
        minLength: 1,
        maxLength: 10_000,
        description:
          'The pattern, in RE2 syntax. It may match anywhere; ^ and $ tie it. A large pattern reads a long answer in overlapping pieces: there it misses matches of more than 100,000 characters divided by its size in instructions.',
      },
      flags: {
        type: 'string',
        pattern: '^[ims]{0,3}$',
        default: '',
        description: 'Any of i (ignore case), m (^ and $ match at each line), s (. matches line ends).',
      },
      ...CATEGORY,
    },
    required: ['pattern'],
  },
  create(parameters) {
    const { pattern: source, flags } = parameters as { pattern: string; flags: string };
    const pattern = new Pattern(source, flags, '/parameters/pattern');
    return async ({ response }, { signal }) => {
      const found = await pattern.find(response, signal);
      return trueFalse(
        found !== null,
        categoryOf(parameters),
        found ? `Found at offset ${found.start}: ${excerpt(response, found.start, found.end)}` : 'The pattern was not found.',
        found && { start: found.start, end: found.end },
      );
    };
  },
};
