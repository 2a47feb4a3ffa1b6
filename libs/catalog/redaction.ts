import type { JsonValue } from '#core';

/** Whom a text may be about. */
export interface Whom {
  /** Canonical. */
  readonly names: readonly string[];
  readonly userIds: readonly string[];
}

/** What stands where a name stood. */
const REDACTED = '(erased)';

/** Shorter ones are too common to be looked for inside of other texts. */
const SHORTEST_WITHIN = 3;

/** Members whose values are words of ours, and members in which people are named by the names of members. */
const OURS: ReadonlySet<string> = new Set(['noun', 'table', 'content', 'state', 'role', 'engine', 'is', 'kind']);
const BY_NAME: ReadonlySet<string> = new Set(['names', 'userIds']);

/** Lists of whom something is still to be done for: of who is erased, nothing. */
const TO_DO = 'recipients';

/**
 * The same without the names of somebody, however they are written, as a whole or as a word of a longer text, in values and where people are the names
 * of members. Ids stay, but in lists of what is to be done.
 * @returns also whether it was about that person at all.
 */
export function redacted(value: JsonValue, { names, userIds }: Whom): { readonly value: JsonValue; readonly touched: boolean } {
  const whole = new Set(names);
  const words = names
    .filter((name) => name.length >= SHORTEST_WITHIN)
    .map((name) => new RegExp(`${edge('<!')}${pattern(name)}${edge('!')}`, 'giu'));
  const ids = new Set(userIds);
  let touched = false;

  const text = (from: string): string => {
    if (ids.has(from)) touched = true;
    const clean = whole.has(canonical(from)) ? REDACTED : words.reduce((left, word) => left.replace(word, REDACTED), from);
    if (clean !== from) touched = true;
    return clean;
  };
  const walk = (from: JsonValue, member: string | null): JsonValue => {
    if (typeof from === 'string') return member !== null && OURS.has(member) ? from : text(from);
    if (Array.isArray(from)) {
      const kept =
        member === TO_DO ? from.filter((each) => typeof each !== 'string' || !(ids.has(each) || whole.has(canonical(each)))) : from;
      if (kept.length < from.length) touched = true;
      return kept.map((each) => walk(each, null));
    }
    if (from === null || typeof from !== 'object') return from;
    const named = member !== null && BY_NAME.has(member);
    return Object.fromEntries(
      Object.entries(from as Record<string, JsonValue>).map(([name, each]) => [named ? text(name) : name, walk(each, named ? null : name)]),
    );
  };
  const clean = walk(value, null);
  return { value: clean, touched };
}

function canonical(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').trim().replace(/\s+/g, '_');
}

/** A `_` of a canonical name may have been written as spaces. */
function pattern(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('_', String.raw`[_\s]+`);
}

/** Neither a letter nor a digit may stand beside it. */
function edge(look: '!' | '<!'): string {
  return `(?${look}[\\p{L}\\p{N}])`;
}
