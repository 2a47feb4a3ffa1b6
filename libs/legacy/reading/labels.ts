import type { JsonValue } from '#core';
import { asObject, asText } from './fields.js';

/** Labels are texts here; nothing checked what they were there. A list, as 0.1.2 had, becomes labels without values. */
export function labelsOf(value: JsonValue): Readonly<Record<string, string>> {
  if (Array.isArray(value)) return Object.fromEntries((value as readonly JsonValue[]).map((label) => [asText(label), '']));
  return Object.fromEntries(Object.entries(asObject(value)).map(([key, label]) => [key, asText(label)]));
}
