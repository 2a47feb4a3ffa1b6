import { checkLength } from './limit.js';

/**
 * Spells a text word by word: each known character becomes its sign, an unknown one stays as it is.
 * Signs are parted by a space, words (parted by any white space in the text) by `wordGap`.
 * @throws InvalidInput when the result gets too long.
 */
export function spell(text: string, signs: ReadonlyMap<string, string>, wordGap: string): string {
  const words = text.split(/\s+/u).filter((word) => word !== '');
  let length = 0;
  const spelled = words.map((word) => {
    const signed = Array.from(word, (character) => signs.get(character.toUpperCase()) ?? character).join(' ');
    checkLength((length += signed.length + wordGap.length));
    return signed;
  });
  return spelled.join(wordGap);
}
