import { InvalidInput, type JsonValue } from '#core';

/** Deeper than any data about a prompt, and shallow enough for whatever walks it by calling itself. */
const DEEPEST = 100;

/**
 * Refuses what could not be kept as it is: PostgreSQL can't store U+0000, UTF-8 no half of a surrogate pair, and nesting thousands deep
 * would exhaust the stack.
 * @param what it is and where it stands, such as `Line 3`, for messages; they repeat nothing of it.
 * @throws InvalidInput
 */
export function checkStorable(value: JsonValue, what: string): void {
  const open: { readonly value: JsonValue; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value: one, depth } = next;
    if (typeof one === 'string') checkText(one, what);
    if (typeof one !== 'object' || one === null) continue;
    if (depth === DEEPEST) throw new InvalidInput(`${what} is nested deeper than ${DEEPEST} levels.`);
    if (!Array.isArray(one)) for (const name of Object.keys(one)) checkText(name, what);
    for (const member of Object.values(one) as JsonValue[]) open.push({ value: member, depth: depth + 1 });
  }
}

function checkText(text: string, what: string): void {
  if (text.includes('\0')) throw new InvalidInput(`${what} holds the character U+0000, which can't be stored.`);
  if (!text.isWellFormed()) throw new InvalidInput(`${what} holds half a surrogate pair, which is not a character.`);
}
