import { InvalidInput, QuotaExceeded, type JsonObject, type JsonValue, type SeedPrompt } from '#core';
import type { DatasetLimits } from './limits.js';
import { checkStorable } from './storable.js';

/** What a file says of one prompt, and where it stands there (`Line 3`, `Prompt 7`). */
export interface PlacedRecord {
  readonly record: JsonValue;
  readonly where: string;
}

const TEXT_MEMBERS = ['value', 'prompt'] as const;
const HARM_MEMBERS = ['harmCategories', 'harm_categories'] as const;

/**
 * A prompt from what a file says of it: a text, or an object with `value` (or `prompt`), `harmCategories` (or `harm_categories`: a
 * list, or a text with `;` between), and `metadata`; every other member is metadata too, so that nothing is lost.
 * @param where the record stands, such as `Line 3`, for messages; they never repeat the prompt.
 * @throws InvalidInput when there is no usable prompt, or something that can't be kept as it is; QuotaExceeded when it is too long.
 */
export function toSeedPrompt(record: JsonValue, where: string, limits: DatasetLimits): SeedPrompt {
  checkStorable(record, where);
  if (typeof record === 'string') return { value: checkedValue(record, where, limits), harmCategories: [], metadata: {} };
  if (!isObject(record)) throw new InvalidInput(`${where} must be a text or an object with 'value' or 'prompt'.`);
  const textMember = TEXT_MEMBERS.find((name) => record[name] !== undefined);
  const value = textMember && record[textMember];
  if (typeof value !== 'string') throw new InvalidInput(`${where} has no text as 'value' or 'prompt'.`);
  const harmMember = HARM_MEMBERS.find((name) => record[name] !== undefined);
  const { metadata = null } = record;
  if (metadata !== null && !isObject(metadata)) throw new InvalidInput(`${where} has 'metadata' that is not an object.`);
  const taken = new Set<string | undefined>([textMember, harmMember, 'metadata']);
  const others = Object.entries(record).filter(([name]) => !taken.has(name));
  return {
    value: checkedValue(value, where, limits),
    harmCategories: harmCategoriesOf(harmMember && record[harmMember], where),
    metadata: Object.fromEntries([...others, ...Object.entries(metadata ?? {})]),
  };
}

function checkedValue(value: string, where: string, limits: DatasetLimits): string {
  if (value.trim() === '') throw new InvalidInput(`${where} has an empty prompt. Leave it out or fill it in.`);
  if (value.length > limits.maxPromptLength) {
    throw new QuotaExceeded(`${where} has a prompt of ${value.length} characters; the limit is ${limits.maxPromptLength}.`);
  }
  return value;
}

function harmCategoriesOf(value: JsonValue | undefined, where: string): readonly string[] {
  if (value === undefined || value === null) return [];
  const list: readonly JsonValue[] = typeof value === 'string' ? value.split(';') : Array.isArray(value) ? value : [0];
  return list.map((name) => (typeof name === 'string' ? name.trim() : refuseCategories(where))).filter((name) => name !== '');
}

function refuseCategories(where: string): never {
  throw new InvalidInput(`${where} has harm categories that are not texts.`);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
