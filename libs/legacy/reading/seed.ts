import type { JsonObject } from '#core';
import type { Fields } from './fields.js';
import type { LegacyTime } from './legacy-time.js';

export interface LegacySeed {
  readonly id: string;
  readonly value: string;
  readonly valueSha256: string | null;
  readonly dataType: string;
  readonly name: string | null;
  readonly datasetName: string | null;
  readonly description: string | null;
  readonly harmCategories: readonly string[];
  readonly authors: readonly string[];
  readonly groups: readonly string[];
  readonly source: string | null;
  readonly addedAt: LegacyTime | null;
  readonly addedBy: string | null;
  readonly metadata: JsonObject;
  readonly parameters: readonly string[];
  readonly groupId: string | null;
  readonly sequence: number | null;
  readonly role: string | null;
  readonly seedType: string | null;
}

/** @throws RowUnreadable */
export function readSeed(fields: Fields): LegacySeed {
  return {
    id: fields.needId('id'),
    value: fields.need('value'),
    valueSha256: fields.text('value_sha256'),
    dataType: fields.need('data_type'),
    name: fields.text('name'),
    datasetName: fields.text('dataset_name'),
    description: fields.text('description'),
    harmCategories: fields.texts('harm_categories'),
    authors: fields.texts('authors'),
    groups: fields.texts('groups'),
    source: fields.text('source'),
    addedAt: fields.time('process-start', 'date_added'),
    addedBy: fields.text('added_by'),
    metadata: fields.object('prompt_metadata'),
    parameters: fields.texts('parameters'),
    groupId: fields.id('prompt_group_id'),
    sequence: fields.integer('sequence'),
    role: fields.text('role'),
    seedType: fields.text('seed_type'),
  };
}
