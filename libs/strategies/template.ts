import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInput, type JsonSchema } from '#core';

/** A text of this project's own writing that a strategy says, with places to be filled. */
export interface Template {
  /** Changes whenever the text does. */
  readonly version: number;
  readonly text: string;
}

const PLACEHOLDER = /\{\{\s*([A-Za-z]+)\s*\}\}/g;
const FILE = /^---\nversion: (\d+)\n---\n([\s\S]+)$/;

/** Reads `templates/<name>.md`: a version between two lines of dashes, then the text. @throws when it is not of that form. */
export function readTemplate(name: string): Template {
  const [, version, text] = FILE.exec(readFileSync(join(import.meta.dirname, 'templates', `${name}.md`), 'utf8')) ?? [];
  if (version === undefined || text === undefined) throw new Error(`The template ${name} has no version.`);
  return { version: Number(version), text: text.trim() };
}

/** A parameter that is a text. @param places what may be filled in, by name. */
export function textParameter(description: string, places: readonly string[] = []) {
  const filled = places.length === 0 ? '' : ` It may contain ${listed(places)}.`;
  return { type: 'string', minLength: 1, maxLength: 20_000, description: `${description}${filled}` } as const;
}

/**
 * The parameter by which a person says something else instead. The text itself is its default, so that it is stored with the orchestrator and frozen
 * with the plan: a later version changes no execution that has begun.
 * @param places what may be filled in, by name.
 */
export function templateParameter({ text, version }: Template, description: string, places: readonly string[] = []): JsonSchema {
  const schema = textParameter(description, places);
  return { ...schema, default: text, description: `${schema.description} The default is version ${version} of this server's own.` };
}

/**
 * @param places what may be filled in, by name.
 * @param needed the places without which the text makes no sense.
 * @throws InvalidInput when the text of the parameter has a place that nobody fills, or lacks one that is needed.
 */
export function checkTemplate(parameter: string, text: string, places: readonly string[], needed: readonly string[] = []): void {
  const found = [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  const unknown = found.find((name) => !places.includes(name));
  const missing = needed.find((name) => !found.includes(name));
  const pointer = `/parameters/strategy/${parameter}`;
  if (unknown !== undefined) {
    const detail = `must not contain ${listed([unknown])}; it may contain ${listed(places) || 'no places'}`;
    throw new InvalidInput('A template has places that nobody fills.', [{ pointer, detail }]);
  }
  if (missing !== undefined) {
    throw new InvalidInput('A template lacks a place.', [{ pointer, detail: `must contain ${listed([missing])}` }]);
  }
}

function listed(places: readonly string[]): string {
  return places.map((place) => `{{ ${place} }}`).join(', ');
}

/** Fills the places of a text in one pass: what is filled in is not looked at again. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(PLACEHOLDER, (place, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : place));
}
