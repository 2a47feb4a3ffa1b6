import type { ConverterType } from '#core';

const CAPITAL = '⠠';
const NUMBER = '⠼';
const GRADE_1 = '⠰';

const LETTERS = '⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵';
const DIGITS = '⠚⠁⠃⠉⠙⠑⠋⠛⠓⠊';
const MARKS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ' ': '\u2800',
    ',': '⠂',
    ';': '⠆',
    ':': '⠒',
    '.': '⠲',
    '!': '⠖',
    '?': '⠦',
    "'": '⠄',
    '-': '⠤',
    '(': '⠐⠣',
    ')': '⠐⠜',
    '/': '⠸⠌',
    '"': '⠠⠶',
  }),
);

/** The Rules of Unified English Braille (2013): letters (4), capitals (8), numeric mode (6), punctuation (7). */
export const braille: ConverterType = {
  name: 'braille',
  title: 'Braille',
  description:
    'Writes the text in uncontracted Unified English Braille, with number signs and a sign before each capital. Unknown characters stay.',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  create() {
    return (text) => {
      let numeric = false;
      let cells = '';
      for (const character of text) {
        if (character >= '0' && character <= '9') {
          cells += (numeric ? '' : NUMBER) + DIGITS.charAt(Number(character));
          numeric = true;
          continue;
        }
        // A to j look like digits: in numeric mode a small one needs a sign before it; a capital has one already.
        if (numeric && character >= 'a' && character <= 'j') cells += GRADE_1;
        if (character !== '.' && character !== ',') numeric = false;
        cells += cell(character);
      }
      return cells;
    };
  },
};

function cell(character: string): string {
  if (character >= 'a' && character <= 'z') return LETTERS.charAt(character.charCodeAt(0) - 97);
  if (character >= 'A' && character <= 'Z') return CAPITAL + LETTERS.charAt(character.charCodeAt(0) - 65);
  return MARKS.get(character) ?? character;
}
