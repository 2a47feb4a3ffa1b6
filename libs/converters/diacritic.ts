import type { ConverterType } from '#core';
import { mapCodePoints } from './characters.js';

const MARKS = {
  grave: '\u0300',
  acute: '\u0301',
  circumflex: '\u0302',
  tilde: '\u0303',
  macron: '\u0304',
  breve: '\u0306',
  'dot-above': '\u0307',
  diaeresis: '\u0308',
  ring: '\u030a',
  caron: '\u030c',
  cedilla: '\u0327',
} as const;

export const diacritic: ConverterType = {
  name: 'diacritic',
  title: 'Diacritics',
  description: 'Puts an accent on chosen letters, by default on vowels, as a combining mark.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      mark: { type: 'string', enum: Object.keys(MARKS), default: 'acute', description: 'The accent.' },
      letters: { type: 'string', minLength: 1, maxLength: 200, default: 'aeiou', description: 'The letters that get it, in either case.' },
    },
  },
  create(parameters) {
    const { mark, letters } = parameters as { mark: keyof typeof MARKS; letters: string };
    const chosen = new Set(Array.from(letters, (letter) => letter.toLowerCase()));
    return (text) => mapCodePoints(text, (character) => (chosen.has(character.toLowerCase()) ? character + MARKS[mark] : character));
  },
};
