import type { Fields } from './fields.js';
import type { LegacyTime } from './legacy-time.js';

export interface LegacyApiKey {
  readonly id: string;
  readonly userId: string;
  readonly name: string | null;
  /** SHA-256 of the key. It can't be used here: those keys were tokens of another issuer. */
  readonly keyHash: string;
  readonly permissions: readonly string[];
  readonly active: boolean | null;
  readonly createdAt: LegacyTime | null;
  readonly expiresAt: LegacyTime | null;
}

/** @throws RowUnreadable */
export function readApiKey(fields: Fields): LegacyApiKey {
  return {
    id: fields.need('id'),
    userId: fields.need('user_id'),
    name: fields.text('name'),
    keyHash: fields.need('key_hash'),
    permissions: fields.texts('permissions'),
    active: fields.boolean('is_active'),
    createdAt: fields.time('utc', 'created_at'),
    expiresAt: fields.time('utc', 'expires_at'),
  };
}
