import { systemClock, type GeneratorType } from '#core';
import { practiceGuard, type GuardLevel } from './practice-guard.js';
import { limitParameters, limitsOf, type LimitParameters } from './request-parameters.js';

interface PracticeParameters extends LimitParameters {
  readonly level: GuardLevel;
  readonly delayMs: number;
}

export const practice: GeneratorType = {
  name: 'practice',
  title: 'Practice guard',
  description:
    'A guard that keeps a secret word and gives it away to some attacks: to learn with, offline, and always with the same result.',
  secrets: [],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      level: { enum: [1, 2, 3], default: 2, description: 'How hard the guard is to talk round: 1 is careless, 3 is wary.' },
      delayMs: { type: 'integer', minimum: 0, maximum: 60_000, default: 0, description: 'How long an answer takes, in milliseconds.' },
      ...limitParameters,
    },
  },
  create: async (parameters) => {
    const { level, delayMs } = parameters as unknown as PracticeParameters;
    const limits = limitsOf(parameters as unknown as PracticeParameters);
    return {
      limitKey: `practice level ${level}#open`,
      price: null,
      limits,
      generate: async ({ messages, signal }) => {
        signal.throwIfAborted();
        if (delayMs > 0) await systemClock.sleep(delayMs, signal);
        const { text, finishReason, usage } = practiceGuard(messages, level);
        return { kind: finishReason === 'content_filter' ? 'blocked' : 'answered', text, finishReason, usage };
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
};
