const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The words in reverse order; each word, and the white space between, stays as it is. */
export function flipWordOrder(text: string): string {
  return text.split(/(\s+)/u).reverse().join('');
}

/** Each word backwards, in its place. */
export function flipCharsInWord(text: string): string {
  return text.replaceAll(/\S+/gu, flipCharsInSentence);
}

/** The text backwards, by what a reader takes for one character (UAX #29): accents and emoji stay whole. */
export function flipCharsInSentence(text: string): string {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
    .reverse()
    .join('');
}
