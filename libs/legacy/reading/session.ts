import type { JsonObject } from '#core';
import type { Fields } from './fields.js';
import type { LegacyTime } from './legacy-time.js';

export interface LegacySession {
  readonly id: string;
  readonly userId: string;
  readonly key: string | null;
  readonly data: JsonObject;
  readonly createdAt: LegacyTime | null;
  readonly updatedAt: LegacyTime | null;
}

/** @throws RowUnreadable */
export function readSession(fields: Fields): LegacySession {
  return {
    id: fields.needId('id'),
    userId: fields.need('user_id'),
    key: fields.text('session_key'),
    data: fields.object('session_data'),
    createdAt: fields.time('utc', 'created_at'),
    updatedAt: fields.time('utc', 'updated_at'),
  };
}
