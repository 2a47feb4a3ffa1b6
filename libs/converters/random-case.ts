import type { ConverterType } from '#core';
import { mapCodePoints } from './characters.js';

export const randomCase: ConverterType = {
  name: 'random-case',
  title: 'Random case',
  description: 'Writes each letter as a capital or as a small one, at random (seeded).',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      probability: { type: 'number', minimum: 0, maximum: 1, default: 0.5, description: 'How likely a letter becomes a capital.' },
    },
  },
  create(parameters) {
    const { probability } = parameters as { probability: number };
    return (text, { random }) =>
      mapCodePoints(text, (character) => {
        const upper = character.toUpperCase();
        const lower = character.toLowerCase();
        // Letters without a partner, or with one of two characters (ß, İ), stay: the change must be undone by lower-casing.
        if (upper === lower || upper.length !== character.length || lower.length !== character.length) return character;
        return random.next() < probability ? upper : lower;
      });
  },
};
