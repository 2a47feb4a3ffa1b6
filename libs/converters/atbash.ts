import type { ConverterType } from '#core';
import { mapCodePoints } from './characters.js';

export const atbash: ConverterType = {
  name: 'atbash',
  title: 'Atbash cipher',
  description: 'Turns the alphabet round: A becomes Z, B becomes Y; applied twice, it gives the text back.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      digits: { type: 'boolean', default: false, description: 'Whether digits are turned round too: 0 becomes 9.' },
    },
  },
  create(parameters) {
    const { digits } = parameters as { digits: boolean };
    return (text) =>
      mapCodePoints(text, (character) => {
        if (character >= 'a' && character <= 'z') return mirror(character, 'a', 'z');
        if (character >= 'A' && character <= 'Z') return mirror(character, 'A', 'Z');
        return digits && character >= '0' && character <= '9' ? mirror(character, '0', '9') : character;
      });
  },
};

function mirror(character: string, first: string, last: string): string {
  return String.fromCharCode(first.charCodeAt(0) + last.charCodeAt(0) - character.charCodeAt(0));
}
