import type { JsonObject } from '#core';
import type { Fields } from './fields.js';
import type { LegacyTime } from './legacy-time.js';
import { secretPointers } from './secret-parameters.js';

/** A generator, converter or scorer as somebody configured it. */
export interface LegacyConfiguration {
  readonly id: string;
  readonly name: string;
  readonly type: string | null;
  readonly parameters: JsonObject;
  /** JSON pointers into `parameters` to secrets that were stored in clear. */
  readonly secrets: readonly string[];
  readonly userId: string;
  readonly status: string | null;
  readonly testResults: JsonObject;
  readonly createdAt: LegacyTime | null;
  readonly updatedAt: LegacyTime | null;
}

/** @throws RowUnreadable */
export function readConfiguration(fields: Fields): LegacyConfiguration {
  const parameters = fields.object('parameters');
  return {
    id: fields.needId('id'),
    name: fields.need('name'),
    type: fields.text('type'),
    parameters,
    secrets: secretPointers(parameters),
    userId: fields.need('user_id'),
    status: fields.text('status'),
    testResults: fields.object('test_results'),
    createdAt: fields.time('utc', 'created_at'),
    updatedAt: fields.time('utc', 'updated_at'),
  };
}
