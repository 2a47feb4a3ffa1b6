import type { JsonObject, ScoreType } from '#core';
import type { Fields } from './fields.js';
import { classOf } from './identifier.js';
import type { LegacyTime, TimeAssumption } from './legacy-time.js';
import { scoreValue } from './score-value.js';

export interface LegacyScore {
  readonly id: string;
  /** The message it hangs on; null for a text that was scored without one. */
  readonly messageId: string | null;
  readonly scorerName: string;
  readonly scorer: JsonObject;
  readonly scoreType: ScoreType | null;
  readonly storedType: string;
  readonly value: string;
  readonly valueDescription: string | null;
  readonly category: string | null;
  readonly rationale: string;
  readonly metadata: JsonObject;
  readonly task: string | null;
  readonly scoredAt: LegacyTime | null;
}

/** @throws RowUnreadable */
export function readScore(fields: Fields, assumption: TimeAssumption): LegacyScore {
  const scorer = fields.object('scorer_class_identifier');
  const storedType = fields.need('score_type');
  return {
    id: fields.needId('id'),
    messageId: fields.id('prompt_request_response_id'),
    scorerName: classOf(scorer) ?? 'unknown',
    scorer,
    ...scoreValue(fields.need('score_value'), storedType),
    storedType,
    valueDescription: fields.text('score_value_description'),
    category: categoryOf(fields),
    rationale: fields.text('score_rationale') ?? '',
    metadata: fields.object('score_metadata'),
    task: fields.text('task') ?? fields.text('objective'),
    // Until 0.4.0 the time of a score was that at which the program had been loaded.
    scoredAt: fields.has('timestamp') ? fields.time(assumption, 'timestamp') : fields.time('process-start', 'date_time'),
  };
}

/** A text until 0.9, from 0.10 a JSON list of them. */
function categoryOf(fields: Fields): string | null {
  const text = fields.text('score_category');
  return text === null || !/^\s*(?:\[|null\s*$)/.test(text) ? text : fields.texts('score_category').join(', ') || null;
}
