import type { JsonValue } from '#core';

/** Strings, so that nothing is changed in them, and the numbers that Python writes and JSON doesn't know. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/** JSON as Python's `json.dumps` writes it: `NaN` and the infinities, which JSON has no word for, become null. @throws SyntaxError */
export function parsePythonJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return JSON.parse(text.replaceAll(TOKENS, (token) => (token.startsWith('"') ? token : 'null'))) as JsonValue;
  }
}
