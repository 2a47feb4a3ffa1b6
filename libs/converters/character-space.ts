import type { ConverterType } from '#core';
import { graphemes } from './characters.js';

/** The spacing of letters with which Robust Intelligence got past Prompt-Guard-86M (July 2024). */
export const characterSpace: ConverterType = {
  name: 'character-space',
  title: 'Spaced characters',
  description: 'Spaces out the characters of the text, by default without its punctuation.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      separator: { type: 'string', minLength: 1, maxLength: 16, default: ' ', description: 'What stands between two characters.' },
      removePunctuation: { type: 'boolean', default: true, description: 'Whether punctuation marks are left out first.' },
    },
  },
  create(parameters) {
    const { separator, removePunctuation } = parameters as { separator: string; removePunctuation: boolean };
    return (text) => graphemes(removePunctuation ? text.replace(/\p{P}/gu, '') : text).join(separator);
  },
};
