import type { JsonObject, JsonValue } from '#core';
import type { Cell, SourceRow } from '../source.js';
import { legacyTime, type LegacyTime, type TimeAssumption } from './legacy-time.js';
import { parsePythonJson } from './python-json.js';

/** A row that can't become what it should be; the message says why, and quotes nothing of it. */
export class RowUnreadable extends Error {}

/** The fields of a row by name. Columns had several names over the years: the first that the row has counts. */
export class Fields {
  /** What was odd, but did not keep the row from being read. */
  readonly notes: string[];
  readonly #cells: Readonly<Record<string, Cell>>;
  readonly #damaged: ReadonlySet<string>;

  constructor(row: SourceRow) {
    this.#cells = row.cells;
    this.#damaged = new Set(row.damaged);
    this.notes = row.damaged.map((column) => `The column ${column} is damaged and was left out.`);
  }

  has(...names: readonly string[]): boolean {
    return names.some((name) => name in this.#cells || this.#damaged.has(name));
  }

  /** @throws RowUnreadable for bytes that are no text */
  text(...names: readonly string[]): string | null {
    const [name, cell] = this.#find(names);
    if (cell === null) return null;
    if (typeof cell === 'object') throw new RowUnreadable(`Its column ${name} holds bytes that are no text.`);
    return String(cell);
  }

  /** @throws RowUnreadable when there is nothing in it */
  need(...names: readonly string[]): string {
    const damaged = names.find((name) => this.#damaged.has(name));
    if (damaged !== undefined) throw new RowUnreadable(`Its column ${damaged} is damaged.`);
    const text = this.text(...names);
    if (text === null) throw new RowUnreadable(`Its column ${names[0]} is empty.`);
    return text;
  }

  id(...names: readonly string[]): string | null {
    const text = this.text(...names);
    return text === null ? null : normalId(text);
  }

  needId(...names: readonly string[]): string {
    return normalId(this.need(...names));
  }

  integer(...names: readonly string[]): number | null {
    const text = this.text(...names);
    if (text === null) return null;
    if (/^-?\d+$/.test(text.trim()) && Number.isSafeInteger(Number(text))) return Number(text);
    this.notes.push(`Its column ${names[0]} is no whole number and was left out.`);
    return null;
  }

  boolean(...names: readonly string[]): boolean | null {
    const text = this.text(...names);
    return text === null ? null : /^(?:1|true|t)$/i.test(text);
  }

  /** Parsed JSON; null for SQL's NULL and JSON's null alike, which both stood for nothing. What is no JSON is given as the text that it is. */
  json(...names: readonly string[]): JsonValue {
    const text = this.text(...names);
    if (text === null || text === '') return null;
    try {
      return parsePythonJson(text);
    } catch {
      this.notes.push(`Its column ${names.find((name) => name in this.#cells)} is no JSON and was kept as text.`);
      return text;
    }
  }

  /** Parsed JSON where an object is expected; anything else stands under `value`. */
  object(...names: readonly string[]): JsonObject {
    return asObject(this.json(...names));
  }

  /** A list of texts, of whatever JSON, or a text alone. */
  texts(...names: readonly string[]): readonly string[] {
    const value = this.json(...names);
    if (value === null) return [];
    return (Array.isArray(value) ? (value as readonly JsonValue[]) : [value]).map(asText);
  }

  time(assumption: TimeAssumption, ...names: readonly string[]): LegacyTime | null {
    const text = this.text(...names);
    return text === null ? null : legacyTime(text, assumption);
  }

  #find(names: readonly string[]): [name: string | undefined, cell: Cell] {
    const name = names.find((name) => name in this.#cells);
    return [name, name === undefined ? null : (this.#cells[name] ?? null)];
  }
}

/** SQLAlchemy stored UUIDs with dashes in some databases and without in others. */
export function normalId(text: string): string {
  const hex = text.toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return /^[0-9a-f-]{36}$/.test(hex) ? hex : text;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

export function asObject(value: JsonValue | undefined): JsonObject {
  if (value === null || value === undefined) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : { value };
}

export function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
