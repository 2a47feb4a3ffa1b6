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
    description: 'Whether the judge also sees the prompt, as it was planned. It needs it only when the question is about the two together.',
  },
} as const;

/** What the judge sees. */
export function materialOf(subject: ScoreSubject, includePrompt: boolean): Record<string, string> {
  return includePrompt ? { prompt: subject.prompt, answer: subject.response } : { answer: subject.response };
}
