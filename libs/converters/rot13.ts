import type { ConverterType } from '#core';
import { mapCodePoints, shiftLetter } from './characters.js';

export const rot13: ConverterType = {
  name: 'rot13',
  title: 'ROT13',
  description: 'Moves each Latin letter 13 places round the alphabet; applied twice, it gives the text back.',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  create() {
    return (text) => mapCodePoints(text, (character) => shiftLetter(character, 13));
  },
};
