import type { ConverterType } from '#core';
import { mapCodePoints } from './characters.js';

/** Where capital A, small a and (if the alphabet has digits) 0 stand. */
type Alphabet = readonly [upper: number, lower: number, digit?: number];

const ALPHABETS = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce],
  italic: [0x1d434, 0x1d44e],
  'bold-italic': [0x1d468, 0x1d482],
  script: [0x1d49c, 0x1d4b6],
  'bold-script': [0x1d4d0, 0x1d4ea],
  fraktur: [0x1d504, 0x1d51e],
  'bold-fraktur': [0x1d56c, 0x1d586],
  'double-struck': [0x1d538, 0x1d552, 0x1d7d8],
  sans: [0x1d5a0, 0x1d5ba, 0x1d7e2],
  'sans-bold': [0x1d5d4, 0x1d5ee, 0x1d7ec],
  'sans-italic': [0x1d608, 0x1d622],
  'sans-bold-italic': [0x1d63c, 0x1d656],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6],
  fullwidth: [0xff21, 0xff41, 0xff10],
} as const satisfies Record<string, Alphabet>;

// Letters that Unicode had already, in Letterlike Symbols: their places in the alphabets were left empty.
const OLDER: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map<string, Record<string, string>>([
  ['italic', { h: 'ℎ' }],
  ['script', { B: 'ℬ', E: 'ℰ', F: 'ℱ', H: 'ℋ', I: 'ℐ', L: 'ℒ', M: 'ℳ', R: 'ℛ', e: 'ℯ', g: 'ℊ', o: 'ℴ' }],
  ['fraktur', { C: 'ℭ', H: 'ℌ', I: 'ℑ', R: 'ℜ', Z: 'ℨ' }],
  ['double-struck', { C: 'ℂ', H: 'ℍ', N: 'ℕ', P: 'ℙ', Q: 'ℚ', R: 'ℝ', Z: 'ℤ' }],
]);

/** The Unicode Standard, blocks Mathematical Alphanumeric Symbols and Halfwidth and Fullwidth Forms: NFKC gives the text back. */
export const unicodeSubstitution: ConverterType = {
  name: 'unicode-substitution',
  title: 'Unicode alphabets',
  description: 'Writes Latin letters and digits in a mathematical or full-width alphabet: bold, italic, monospace … Other characters stay.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      style: {
        type: 'string',
        enum: Object.keys(ALPHABETS),
        default: 'bold',
        description: 'The alphabet. Italic, script and fraktur ones have no digits.',
      },
    },
  },
  create(parameters) {
    const { style } = parameters as { style: keyof typeof ALPHABETS };
    const [upper, lower, digit]: Alphabet = ALPHABETS[style];
    const letters = new Map<string, string>();
    for (let place = 0; place < 26; place++) {
      letters.set(String.fromCharCode(65 + place), String.fromCodePoint(upper + place));
      letters.set(String.fromCharCode(97 + place), String.fromCodePoint(lower + place));
    }
    if (digit !== undefined) {
      for (let value = 0; value < 10; value++) letters.set(String(value), String.fromCodePoint(digit + value));
    }
    for (const [letter, older] of Object.entries(OLDER.get(style) ?? {})) letters.set(letter, older);
    return (text) => mapCodePoints(text, (character) => letters.get(character) ?? character);
  },
};
