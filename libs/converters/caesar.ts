import type { ConverterType } from '#core';
import { mapCodePoints, shiftLetter } from './characters.js';

export const caesar: ConverterType = {
  name: 'caesar',
  title: 'Caesar cipher',
  description: 'Moves each Latin letter a fixed number of places along the alphabet; everything else stays.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      shift: { type: 'integer', minimum: -25, maximum: 25, default: 3, description: 'Places to move; negative ones move backwards.' },
    },
  },
  create(parameters) {
    const { shift } = parameters as { shift: number };
    return (text) => mapCodePoints(text, (character) => shiftLetter(character, shift));
  },
};
