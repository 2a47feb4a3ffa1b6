import type { ScoreSubject } from '#core';
import { CATEGORY } from './score.js';

/** The parameters that every scorer with a judge has. */
export const JUDGE = {
  generatorId: { type: 'string', format: 'uuid', description: 'The generator that judges.' },
  maxTries: {
    type: 'integer',
    minimum: 1,
    maximum: 10,
    default: 3,
    description: 'How often the judge is asked before its verdict counts as unreadable.',
  },
  ...CATEGORY,
} as const;

/** Whether the judge sees the prompt besides the answer. */
export const INCLUDE_PROMPT = {
  includePrompt: {
    type: 'boolean',
    default: false,
    description:
      'Whether the judge also sees the prompt, before converters, and what an attack is for. It needs them only when the question is about them too.',
  },
} as const;

/** What the judge sees. */
export function materialOf({ objective, prompt, response }: ScoreSubject, includePrompt: boolean): Record<string, string> {
  if (!includePrompt) return { answer: response };
  return objective === prompt ? { prompt, answer: response } : { objective, prompt, answer: response };
}
