import { jsonObjects, StrategyFailed, withoutThoughts, type JsonObject } from '#core';
import { escapeLineBreaks } from './line-breaks.js';
import type { Thread } from './thread.js';

const MAX_READ = 50_000;

/** How often an attacker is asked until it gives an answer that can be read. */
export const MAX_TRIES = 3;

/** What the attacker writes next. @throws StrategyFailed when it writes nothing, or its content filter answers; what `Thread.say` throws */
export async function written(attacker: Thread, told: string): Promise<string> {
  const { reply } = await attacker.say(told);
  if (reply.kind === 'blocked') {
    throw new StrategyFailed("The attacker's content filter answered. Use an attacker model without one, or one that is looser.");
  }
  const text = withoutThoughts(reply.text).trim();
  if (text === '') throw new StrategyFailed('The attacker answered nothing. Use a more capable attacker model.');
  return text;
}

/**
 * What the attacker writes next, as a JSON object. What can't be read is asked for again, in the same conversation: at most `MAX_TRIES` requests.
 * @param read the object's content, or null when something is missing from it.
 * @param form what the attacker is reminded of, such as `{"prompt": "your message"}`.
 * @throws StrategyFailed when none of the answers can be read; what `written` throws
 */
export async function writtenJson<T>(attacker: Thread, told: string, read: (object: JsonObject) => T | null, form: string): Promise<T> {
  let next = told;
  for (let tries = 1; ; tries++) {
    const content = firstReadable(await written(attacker, next), read);
    if (content !== null) return content;
    if (tries >= MAX_TRIES) {
      throw new StrategyFailed(`The attacker gave no readable answer in ${tries} tries. Use a more capable attacker model.`);
    }
    next = `That could not be read. Answer again, with nothing but one JSON object of the form ${form}.`;
  }
}

/** A member of an object that is a text, without white space around it; null when there is none, or it is empty. */
export function textAt(object: JsonObject, key: string): string | null {
  const value = object[key];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** The members of an object that are to be texts, trimmed; null when one of them is missing, empty or no text. For `writtenJson`. */
export function textsOf<K extends string>(object: JsonObject, names: readonly K[]): Readonly<Record<K, string>> | null {
  const texts = new Map<string, string>();
  for (const name of names) {
    const text = textAt(object, name);
    if (text === null) return null;
    texts.set(name, text);
  }
  return Object.fromEntries(texts) as Record<K, string>;
}

function firstReadable<T>(text: string, read: (object: JsonObject) => T | null): T | null {
  const end = text.slice(-MAX_READ);
  for (const source of [end, escapeLineBreaks(end.slice(end.indexOf('{')))]) {
    for (const { value } of jsonObjects(source)) {
      const content = read(value);
      if (content !== null) return content;
    }
  }
  return null;
}
