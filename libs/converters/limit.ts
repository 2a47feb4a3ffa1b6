import { InvalidInput } from '#core';

/** The most characters (UTF-16 units, as `String.length` counts) that a converted text may have. */
export const MAX_CONVERTED_CHARACTERS = 1_000_000;

/**
 * Called while a text grows, so that a small prompt can't be blown up into one that fills the memory.
 * @throws InvalidInput when `length` is over the limit.
 */
export function checkLength(length: number): void {
  if (length <= MAX_CONVERTED_CHARACTERS) return;
  throw new InvalidInput(
    `A converted prompt may have at most ${MAX_CONVERTED_CHARACTERS} characters. Shorten the prompt, or use fewer converters that lengthen it.`,
  );
}
