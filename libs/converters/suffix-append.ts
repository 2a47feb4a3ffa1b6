import type { ConverterType } from '#core';

export const suffixAppend: ConverterType = {
  name: 'suffix-append',
  title: 'Append a suffix',
  description: 'Puts a fixed text after the prompt, such as an adversarial suffix.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      suffix: { type: 'string', minLength: 1, maxLength: 100_000, description: 'The text to append.' },
      separator: { type: 'string', maxLength: 16, default: ' ', description: 'What stands between the prompt and the suffix.' },
    },
    required: ['suffix'],
  },
  create(parameters) {
    const { suffix, separator } = parameters as { suffix: string; separator: string };
    return (text) => text + separator + suffix;
  },
};
