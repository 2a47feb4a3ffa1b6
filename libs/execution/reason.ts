import { DomainError, GeneratorError, JudgeFailed, StrategyFailed, UnreadableVerdict } from '#core';

const SPEAKING = [GeneratorError, DomainError, JudgeFailed, StrategyFailed, UnreadableVerdict];

/**
 * Why something failed, in words that quote neither a prompt nor a secret: an error's own message only where its class promises that, otherwise
 * its kind alone.
 * @param what what failed, as the beginning of a sentence.
 */
export function reasonOf(error: unknown, what: string): string {
  if (error instanceof Error && SPEAKING.some((kind) => error instanceof kind)) return error.message;
  return `${what} failed unexpectedly (${error instanceof Error ? error.name : typeof error}).`;
}
