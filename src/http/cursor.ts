import { InvalidInput, type JsonValue } from '#core';

/** Longer than any that is handed out. */
export const LONGEST_CURSOR = 4096;

/** Where a page ended, as text that clients hand back and do not look into. */
export function encodeCursor(place: JsonValue): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * The place that `encodeCursor` was given. Its shape is for the caller to check: it has been in a client's hands.
 * @throws InvalidInput
 */
export function decodeCursor(cursor: string): JsonValue {
  if (cursor.length <= LONGEST_CURSOR && /^[A-Za-z0-9_-]+$/.test(cursor)) {
    try {
      return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as JsonValue;
    } catch {
      // Not one of ours: said below.
    }
  }
  throw new InvalidInput('The cursor is not one that this server has given out.', [
    { pointer: '/cursor', detail: 'must be the nextCursor of an earlier page, unchanged' },
  ]);
}
