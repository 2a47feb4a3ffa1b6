import type { Converter, Random } from '#core';
import { checkLength } from './limit.js';

/**
 * Applies converters one after the other.
 * @param randomFor the random stream of the converter at `index` in the chain; equal streams give equal texts.
 * @throws InvalidInput when a text on the way has more than 1,000,000 characters.
 */
export function applyChain(chain: readonly Converter[], text: string, randomFor: (index: number) => Random): string {
  return chain.reduce((current, convert, index) => {
    checkLength(current.length);
    const converted = convert(current, { random: randomFor(index) });
    checkLength(converted.length);
    return converted;
  }, text);
}
