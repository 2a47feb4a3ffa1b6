import type { ConverterType } from '#core';
import { isBlank, mapGraphemes } from './characters.js';

// The block Combining Diacritical Marks but for U+034F, which is invisible.
const MARKS = Array.from({ length: 0x70 }, (_, place) => String.fromCharCode(0x300 + place)).filter((mark) => mark !== '\u034f');

export const zalgo: ConverterType = {
  name: 'zalgo',
  title: 'Zalgo',
  description: 'Piles combining marks on each character, at random (seeded).',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      intensity: {
        type: 'integer',
        minimum: 1,
        maximum: 20,
        default: 5,
        description: 'The most marks on one character; at least one is set.',
      },
      probability: { type: 'number', minimum: 0, maximum: 1, default: 1, description: 'How likely a character gets any.' },
    },
  },
  create(parameters) {
    const { intensity, probability } = parameters as { intensity: number; probability: number };
    return (text, { random }) =>
      mapGraphemes(text, (grapheme) => {
        if (isBlank(grapheme) || (probability < 1 && random.next() >= probability)) return grapheme;
        let marked = grapheme;
        for (let left = 1 + random.integer(intensity); left > 0; left--) marked += random.pick(MARKS);
        return marked;
      });
  },
};
