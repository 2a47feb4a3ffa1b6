import type { ConverterType } from '#core';
import { mapCodePoints, shiftLetter } from './characters.js';

export const vigenere: ConverterType = {
  name: 'vigenere',
  title: 'Vigenère cipher',
  description: 'Moves each Latin letter by the next letter of a repeated key; other characters stay and use no letter of the key.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      key: { type: 'string', pattern: '^[A-Za-z]{1,256}$', description: 'The key word: Latin letters only, of either case.' },
    },
    required: ['key'],
  },
  create(parameters) {
    const { key } = parameters as { key: string };
    const shifts = Array.from(key.toUpperCase(), (letter) => letter.charCodeAt(0) - 65);
    return (text) => {
      let used = 0;
      return mapCodePoints(text, (character) =>
        /^[A-Za-z]$/.test(character) ? shiftLetter(character, shifts[used++ % shifts.length] ?? 0) : character,
      );
    };
  },
};
