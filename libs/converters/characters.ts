import { checkLength } from './limit.js';

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Rewrites a text code point by code point: a surrogate pair is one. @throws InvalidInput when the result gets too long. */
export function mapCodePoints(text: string, change: (character: string) => string): string {
  let changed = '';
  for (const character of text) {
    changed += change(character);
    checkLength(changed.length);
  }
  return changed;
}

/**
 * Rewrites a text by what a reader takes for one character (UAX #29 extended grapheme clusters): a letter with its accents, a family emoji.
 * @throws InvalidInput when the result gets too long.
 */
export function mapGraphemes(text: string, change: (grapheme: string) => string): string {
  let changed = '';
  for (const { segment } of segmenter.segment(text)) {
    changed += change(segment);
    checkLength(changed.length);
  }
  return changed;
}

/** The grapheme clusters of a text, in order. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The text backwards, each grapheme cluster left whole. */
export function reversed(text: string): string {
  return graphemes(text).reverse().join('');
}

/** Moves a Latin letter `by` places round its alphabet, in its own case; anything else stays. */
export function shiftLetter(character: string, by: number): string {
  const code = character.charCodeAt(0);
  const base = code >= 97 && code <= 122 ? 97 : code >= 65 && code <= 90 ? 65 : 0;
  return base === 0 ? character : String.fromCharCode(base + ((((code - base + by) % 26) + 26) % 26));
}

/** Whether a text is nothing but white space. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}
