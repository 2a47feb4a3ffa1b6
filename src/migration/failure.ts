import { DomainError } from '#core';

/** Why something did not come to its end, for the administrator. What nobody foresaw is in the log, not here: it may quote anything. */
export function failureOf(error: unknown): string {
  if (error instanceof DomainError) return error.message;
  if (error instanceof Error && error.name === 'AbortError') return 'The server stopped before it was done. Start it again.';
  return 'It failed in a way that was not foreseen; the log of the server says how.';
}
