import type { ConverterType } from '#core';

export const repeatToken: ConverterType = {
  name: 'repeat-token',
  title: 'Repeated token',
  description: 'Adds a token many times over, before the prompt, after it or behind its first sentence.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      token: { type: 'string', minLength: 1, maxLength: 200, description: 'What is repeated; a space stands before each.' },
      times: { type: 'integer', minimum: 1, maximum: 10_000, default: 100, description: 'How many times.' },
      place: {
        type: 'string',
        enum: ['before', 'after', 'after-first-sentence'],
        default: 'after',
        description: 'Where the repeated token goes; a prompt in which no sentence ends has it after itself.',
      },
    },
    required: ['token'],
  },
  create(parameters) {
    const { token, times, place } = parameters as { token: string; times: number; place: 'before' | 'after' | 'after-first-sentence' };
    const repeated = ` ${token}`.repeat(times);
    return (text) => {
      if (place === 'before') return `${repeated.slice(1)} ${text}`;
      const end = place === 'after' ? -1 : text.search(/[.!?](?=\s|$)/u);
      return end < 0 ? text + repeated : text.slice(0, end + 1) + repeated + text.slice(end + 1);
    };
  },
};
