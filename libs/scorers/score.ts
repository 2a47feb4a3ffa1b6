import type { JsonObject, ScoreValue } from '#core';

/** The parameter that every scorer has: it goes into the score as it is. */
export const CATEGORY = {
  category: { type: 'string', minLength: 1, maxLength: 200, description: 'A category to file the scores under, such as a kind of harm.' },
} as const;

/** The category of a scorer's parameters, or null. */
export function categoryOf(parameters: JsonObject): string | null {
  return (parameters['category'] as string | undefined) ?? null;
}

/** A true/false score. */
export function trueFalse(value: boolean, category: string | null, rationale: string, metadata: JsonObject | null = null): ScoreValue {
  return { type: 'true_false', value: String(value), category, rationale, metadata };
}

/** A score on a scale, 0…1, as decimal text of at most six places. */
export function floatScale(value: number, category: string | null, rationale: string, metadata: JsonObject | null = null): ScoreValue {
  return { type: 'float_scale', value: String(Number(value.toFixed(6))), category, rationale, metadata };
}
