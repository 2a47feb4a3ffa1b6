import type { JsonObject } from '#core';
import type { Fields } from './fields.js';
import type { LegacyTime } from './legacy-time.js';
import { secretPointers } from './secret-parameters.js';

export interface LegacyOrchestrator {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly description: string | null;
  readonly parameters: JsonObject;
  readonly secrets: readonly string[];
  readonly tags: readonly string[];
  readonly createdBy: string | null;
  readonly status: string | null;
  readonly createdAt: LegacyTime | null;
  readonly updatedAt: LegacyTime | null;
}

/** @throws RowUnreadable */
export function readOrchestrator(fields: Fields): LegacyOrchestrator {
  const parameters = fields.object('parameters');
  return {
    id: fields.needId('id'),
    name: fields.need('name'),
    type: fields.need('orchestrator_type'),
    description: fields.text('description'),
    parameters,
    secrets: secretPointers(parameters),
    tags: fields.texts('tags'),
    createdBy: fields.text('created_by'),
    status: fields.text('status'),
    createdAt: fields.time('utc', 'created_at'),
    updatedAt: fields.time('utc', 'updated_at'),
  };
}
