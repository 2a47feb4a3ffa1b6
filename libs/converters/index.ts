import { Registry, type ConverterType } from '#core';
import { asciiSmuggling } from './ascii-smuggling.js';
import { atbash } from './atbash.js';
import { base64 } from './base64.js';
import { bidi } from './bidi.js';
import { binary } from './binary.js';
import { braille } from './braille.js';
import { caesar } from './caesar.js';
import { characterSpace } from './character-space.js';
import { diacritic } from './diacritic.js';
import { emoji } from './emoji.js';
import { flipWords } from './flip-words.js';
import { hex } from './hex.js';
import { insertPunctuation } from './insert-punctuation.js';
import { jsonString } from './json-string.js';
import { leetspeak } from './leetspeak.js';
import { morse } from './morse.js';
import { nato } from './nato.js';
import { randomCase } from './random-case.js';
import { repeatToken } from './repeat-token.js';
import { reverse } from './reverse.js';
import { rot13 } from './rot13.js';
import { searchReplace } from './search-replace.js';
import { suffixAppend } from './suffix-append.js';
import { template } from './template.js';
import { unicodeConfusable } from './unicode-confusable.js';
import { unicodeSubstitution } from './unicode-substitution.js';
import { url } from './url.js';
import { vigenere } from './vigenere.js';
import { zalgo } from './zalgo.js';
import { zeroWidth } from './zero-width.js';

export { applyChain } from './chain.js';
export { MAX_CONVERTED_CHARACTERS } from './limit.js';

/** Every converter type of this server. */
export const converters: Registry<ConverterType> = new Registry('converter', [
  asciiSmuggling,
  atbash,
  base64,
  bidi,
  binary,
  braille,
  caesar,
  characterSpace,
  diacritic,
  emoji,
  flipWords,
  hex,
  insertPunctuation,
  jsonString,
  leetspeak,
  morse,
  nato,
  randomCase,
  repeatToken,
  reverse,
  rot13,
  searchReplace,
  suffixAppend,
  template,
  unicodeConfusable,
  unicodeSubstitution,
  url,
  vigenere,
  zalgo,
  zeroWidth,
]);
