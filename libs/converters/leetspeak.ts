import type { ConverterType } from '#core';
import { mapCodePoints } from './characters.js';

const DEFAULTS = { a: '4', b: '8', e: '3', g: '9', i: '1', o: '0', s: '5', t: '7', z: '2' };

export const leetspeak: ConverterType = {
  name: 'leetspeak',
  title: 'Leetspeak',
  description: 'Replaces letters by digits that look like them; own replacements can be added. With a probability below 1, at random.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      substitutions: {
        type: 'object',
        maxProperties: 128,
        propertyNames: { pattern: '^.$' },
        additionalProperties: { type: 'string', maxLength: 16 },
        default: {},
        description: 'Replacements by character, of either case: {"c": "<"}. They are added to the built-in ones, and win over them.',
      },
      probability: { type: 'number', minimum: 0, maximum: 1, default: 1, description: 'How likely each such letter is replaced.' },
    },
  },
  create(parameters) {
    const { substitutions, probability } = parameters as { substitutions: Record<string, string>; probability: number };
    const map = new Map(Object.entries(DEFAULTS));
    for (const [letter, replacement] of Object.entries(substitutions)) map.set(letter.toLowerCase(), replacement);
    return (text, { random }) =>
      mapCodePoints(text, (character) => {
        const replacement = map.get(character.toLowerCase());
        if (replacement === undefined) return character;
        return probability === 1 || random.next() < probability ? replacement : character;
      });
  },
};
