import type { JsonObject, JsonValue } from '#core';

/** The name of a class in one of PyRIT's identifiers: `__type__` until 0.14, `class_name` from 1.0. */
export function classOf(identifier: JsonObject): string | null {
  for (const key of ['__type__', 'class_name', 'name']) if (typeof identifier[key] === 'string') return identifier[key];
  return null;
}

/**
 * The id of an orchestrator or attack. Until 0.3.0 it was a number of Python's, which is not unique: two processes may have had the same.
 */
export function instanceOf(identifier: JsonObject): string | null {
  const id: JsonValue | undefined = identifier['id'];
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}
