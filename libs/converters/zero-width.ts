import type { ConverterType } from '#core';
import { graphemes } from './characters.js';

const CHARACTERS = {
  space: '\u200b',
  'non-joiner': '\u200c',
  joiner: '\u200d',
  'word-joiner': '\u2060',
} as const;

export const zeroWidth: ConverterType = {
  name: 'zero-width',
  title: 'Zero-width characters',
  description: 'Puts an invisible character between any two characters, so that words no longer match word lists.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      character: {
        type: 'string',
        enum: Object.keys(CHARACTERS),
        default: 'space',
        description: 'Zero-width space U+200B, non-joiner U+200C, joiner U+200D or word joiner U+2060.',
      },
    },
  },
  create(parameters) {
    const { character } = parameters as { character: keyof typeof CHARACTERS };
    return (text) => graphemes(text).join(CHARACTERS[character]);
  },
};
