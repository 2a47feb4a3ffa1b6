import type { JsonObject } from './json.js';

const MAX_OBJECTS = 50;

/** A value that was read, in a wrapper because JSON has null. */
export interface Parsed {
  readonly value: unknown;
}

/** A text as JSON, or null when it is none. */
export function parseJson(text: string): Parsed | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

/** The contents of the Markdown code fences (```) of a text, without their info strings. */
export function fencedBlocks(text: string): readonly string[] {
  return text
    .split('```')
    .filter((_, index) => index % 2 === 1)
    .map((block) => block.replace(/^[\w+-]*/u, '').trim());
}

/** The JSON objects that stand in a text, at most 50, outermost ones only, each with its source. */
export function jsonObjects(text: string): readonly { readonly source: string; readonly value: JsonObject }[] {
  const objects: { source: string; value: JsonObject }[] = [];
  let tried = 0;
  for (let at = text.indexOf('{'); at >= 0 && tried < MAX_OBJECTS; tried++) {
    const source = text.slice(at, closingBrace(text, at) + 1);
    const parsed = parseJson(source);
    if (parsed) objects.push({ source, value: parsed.value as JsonObject });
    at = text.indexOf('{', parsed ? at + source.length : at + 1);
  }
  return objects;
}

/** Where the brace at `open` is closed, strings respected; -1 when it is not. */
function closingBrace(text: string, open: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = open; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{') depth += 1;
    else if (character === '}' && --depth === 0) return at;
  }
  return -1;
}
