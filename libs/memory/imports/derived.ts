import { sha256, type Role } from '#core';
import type { MessageTable } from '../tables.js';
import type { ImportedMessage } from './import-row.js';

/** What the order of a derived conversation begins with: it comes after all that have ids of their own. */
export const DERIVED = '~';

/** What was said, by whom: the texts by their hashes. */
export interface Said {
  readonly role: Role;
  readonly original: string;
  readonly converted: string;
}

export function saidIn(row: ImportedMessage | Pick<MessageTable, 'role' | 'original_value_sha256' | 'converted_value_sha256'>): Said {
  if ('originalValue' in row) return { role: row.role, original: sha256(row.originalValue), converted: sha256(row.convertedValue) };
  const { role, original_value_sha256: original, converted_value_sha256: converted } = row;
  return { role, original, converted: converted ?? original };
}

/**
 * Whether two say the same, one of which was derived, so that its id says nothing: the same role and the same texts. Types and errors are not compared,
 * because what a message was derived from has none; and where it had only one of the two texts, that may be either.
 */
export function saysTheSame(derived: Said, other: Said): boolean {
  if (derived.role !== other.role) return false;
  if (derived.original === derived.converted) return derived.original === other.original || derived.original === other.converted;
  return derived.original === other.original && derived.converted === other.converted;
}

/** From where on a conversation says what a derived one does, turn by turn; -1 for nowhere. It may have more before, such as a system prompt, and after. */
export function placeOfDerived(derived: readonly Said[], whole: readonly Said[]): number {
  for (let from = 0; from + derived.length <= whole.length; from++)
    if (derived.every((said, index) => saysTheSame(said, whole[from + index] as Said))) return from;
  return -1;
}
