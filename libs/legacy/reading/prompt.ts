import type { JsonObject } from '#core';
import type { Fields } from './fields.js';
import type { LegacyTime } from './legacy-time.js';

export interface LegacyPrompt {
  readonly id: string;
  readonly datasetId: string;
  readonly position: number | null;
  readonly value: string;
  readonly metadata: JsonObject;
  readonly createdAt: LegacyTime | null;
}

/** ViolentUTF cut prompts to so many characters when a dataset was made. */
const CUT_AT = 1000;

/** @throws RowUnreadable */
export function readPrompt(fields: Fields): LegacyPrompt {
  const value = fields.need('prompt_text');
  if (charactersOf(value) === CUT_AT)
    fields.notes.push(`It is exactly ${CUT_AT} characters long, to which ViolentUTF cut longer prompts: its end may be lost.`);
  return {
    id: fields.needId('id'),
    datasetId: fields.needId('dataset_id'),
    position: fields.integer('prompt_index'),
    value,
    metadata: fields.object('metadata'),
    createdAt: fields.time('utc', 'created_at'),
  };
}

/** As Python counts: half of a surrogate pair is none. */
function charactersOf(text: string): number {
  return text.length > 2 * CUT_AT ? text.length : Array.from(text).length;
}
