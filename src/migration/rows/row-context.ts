import { isDeepStrictEqual } from 'node:util';
import { SecretBox, type JsonObject, type JsonValue } from '#core';
import type { LegacyRow, LegacyTime, Provenance, UnreadableRows } from '#legacy';
import type { ImportProvenance } from '#memory';

/** What a moment is where there is none: the beginning of Unix time, which nobody takes for a date of the row. */
const NO_MOMENT = '1970-01-01T00:00:00.000Z';

/** What the rows of one old file are taken over with. */
export class RowContext {
  constructor(
    /** SHA-256 of the content of the file. */
    readonly file: string,
    private readonly box: SecretBox,
  ) {}

  /** What the name of something is followed by when a newer one has that name. */
  get origin(): string {
    return `legacy:${this.file.slice(0, 8)}`;
  }

  /** The row as it was stored, sealed: there may be secrets in it. Open it with what `sealedFor` says. */
  original(row: Pick<LegacyRow, 'provenance' | 'original'> | (UnreadableRows & { readonly provenance: Provenance })): string {
    return this.box.seal(JSON.stringify(row.original), sealedFor(row.provenance));
  }

  /** The original of a row that was made of a part of another: where the whole is. */
  part(of: Provenance, provenance: ImportProvenance): string {
    return this.box.seal(JSON.stringify({ partOf: of }), sealedFor(provenance));
  }

  /** Seals a secret parameter of what has this id. */
  secret(noun: string, id: string, parameter: string, value: string): string {
    return this.box.seal(value, `${noun}/${id}/${parameter}`);
  }
}

/** What the original of a row is bound to. */
export function sealedFor({ file, table, row }: ImportProvenance): string {
  return `import/${file}/${table}/${row}`;
}

/** The moment of a row here, in ISO 8601 UTC. */
export function momentOf(time: LegacyTime | null): string {
  return time?.at ?? NO_MOMENT;
}

/**
 * What metadata keeps under `legacy` of a row that has no place of its own here: what its naive moment was taken for, and what was odd about it.
 * Nothing that is empty.
 */
export function traceOf(
  row: LegacyRow,
  time: LegacyTime | null,
  more: { readonly [name: string]: JsonValue } = {},
): { legacy: JsonObject } {
  const all: Record<string, JsonValue> = { time: timeTrace(time), notes: row.notes, ...more };
  return { legacy: Object.fromEntries(Object.entries(all).filter(([, value]) => !isEmpty(value))) };
}

function timeTrace(time: LegacyTime | null): JsonValue {
  return time === null ? { stored: null } : { stored: time.text, assumed: time.assumption };
}

function isEmpty(value: JsonValue): boolean {
  return value === null || value === '' || isDeepStrictEqual(value, {}) || isDeepStrictEqual(value, []);
}
