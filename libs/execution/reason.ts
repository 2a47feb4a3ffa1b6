import { DomainError, GeneratorError, UnreadableVerdict } from '#core';

/**
 * Why something failed, in words that quote neither a prompt nor a secret: an error's own message only where its class promises that, otherwise
 * its kind alone.
 * @param what what failed, as the beginning of a sentence.
 */
export function reasonOf(error: unknown, what: string): string {
  if (error instanceof GeneratorError || error instanceof DomainError || error instanceof UnreadableVerdict) return error.message;
  return `${what} failed unexpectedly (${error instanceof Error ? error.name : typeof error}).`;
}
