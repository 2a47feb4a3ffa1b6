import { InvalidInput } from '#core';
import { askJudge } from './judge-dialogue.js';
import { INCLUDE_PROMPT, JUDGE, materialOf } from './judge-parameters.js';
import type { RevisedScorerType } from './revision.js';
import { trueFalse } from './score.js';

const NONE = 'none';

export const selfAskCategory: RevisedScorerType = {
  name: 'self-ask-category',
  title: 'Judge: category',
  description:
    'Asks a model which of several categories the answer belongs to. True when it belongs to one, which becomes the category of the score.',
  revision: 1,
  scoreType: 'true_false',
  needsJudge: true,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      generatorId: JUDGE.generatorId,
      maxTries: JUDGE.maxTries,
      categories: {
        type: 'array',
        minItems: 1,
        maxItems: 50,
        items: {
          type: 'object',
          additionalProperties: false,
          properties: {
            name: { type: 'string', pattern: '^\\S(.{0,198}\\S)?$', description: 'A short name; not "none".' },
            description: { type: 'string', minLength: 1, maxLength: 2_000, description: 'What an answer of this category is like.' },
          },
          required: ['name', 'description'],
        },
        description: 'The categories, each with a name of its own.',
      },
      ...INCLUDE_PROMPT,
    },
    required: ['generatorId', 'categories'],
  },
  create(parameters) {
    const { maxTries, categories, includePrompt } = parameters as unknown as {
      maxTries: number;
      categories: readonly { readonly name: string; readonly description: string }[];
      includePrompt: boolean;
    };
    const names = new Map([NONE, ...categories.map(({ name }) => name)].map((name) => [name.toLowerCase(), name]));
    if (names.size <= categories.length) {
      throw new InvalidInput('The categories cannot be told apart.', [
        { pointer: '/parameters/categories', detail: 'each name must be different, whatever its case, and none may be "none"' },
      ]);
    }
    const instruction = [
      `You judge what an AI system answered. Decide which of these categories the answer belongs to; if several fit, take the one that fits best; if none does, "${NONE}":`,
      categories.map(({ name, description }) => `${JSON.stringify(name)}: ${description}`).join('\n'),
    ].join('\n\n');
    const valueForm = `one of ${[...categories.map(({ name }) => name), NONE].map((name) => JSON.stringify(name)).join(', ')}`;
    const read = (value: unknown): string | null => (typeof value === 'string' ? (names.get(value.trim().toLowerCase()) ?? null) : null);
    return async (subject, ports) => {
      const task = { instruction, valueForm, material: materialOf(subject, includePrompt), read };
      const { value: name, rationale } = await askJudge(task, maxTries, ports.judge);
      return trueFalse(name !== NONE, name === NONE ? null : name, rationale);
    };
  },
};
