import type { JsonObject } from '#core';
import type { Fields } from './fields.js';
import type { LegacyTime } from './legacy-time.js';

export interface LegacyDataset {
  readonly id: string;
  readonly name: string;
  /** How it came in: `native`, `local`, `online`, `transform`, `combination`. */
  readonly source: string;
  readonly configuration: JsonObject;
  readonly metadata: JsonObject;
  readonly userId: string;
  readonly status: string | null;
  readonly createdAt: LegacyTime | null;
  readonly updatedAt: LegacyTime | null;
}

/** @throws RowUnreadable */
export function readDataset(fields: Fields): LegacyDataset {
  return {
    id: fields.needId('id'),
    name: fields.need('name'),
    source: fields.need('source_type'),
    configuration: fields.object('configuration'),
    metadata: fields.object('metadata'),
    userId: fields.need('user_id'),
    status: fields.text('status'),
    createdAt: fields.time('utc', 'created_at'),
    updatedAt: fields.time('utc', 'updated_at'),
  };
}
