import { systemClock, type GeneratorType } from '#core';
import { lastPrompt } from './prompt.js';
import { limitParameters, limitsOf, type LimitParameters } from './request-parameters.js';

interface EchoParameters extends LimitParameters {
  readonly prefix: string;
  readonly delayMs: number;
}

export const echo: GeneratorType = {
  name: 'echo',
  title: 'Echo',
  description: 'Answers with the prompt itself, without any network: to see what converters make of a prompt, and to try out scorers.',
  secrets: [],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      prefix: { type: 'string', maxLength: 10_000, default: '', description: 'Put before the prompt.' },
      delayMs: { type: 'integer', minimum: 0, maximum: 60_000, default: 0, description: 'How long an answer takes, in milliseconds.' },
      ...limitParameters,
    },
  },
  create: async (parameters) => {
    const { prefix, delayMs } = parameters as unknown as EchoParameters;
    const limits = limitsOf(parameters as unknown as EchoParameters);
    return {
      limitKey: 'echo#open',
      price: null,
      limits,
      generate: async ({ messages, signal }) => {
        signal.throwIfAborted();
        if (delayMs > 0) await systemClock.sleep(delayMs, signal);
        return { kind: 'answered', text: prefix + lastPrompt(messages), finishReason: 'stop', usage: null };
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
};
