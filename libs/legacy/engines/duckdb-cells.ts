import type { Cell, Cells, ColumnShape } from '../source.js';

const NESTED = /\]$|^(?:STRUCT|MAP|UNION|LIST)\b/;
const INTEGER = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The SQL for a column as text, as the engine itself writes its values; lists and the like as JSON, bytes as base64. */
export function expressionOf({ name, type }: ColumnShape): string {
  const column = identifier(name);
  if (type === 'BLOB') return `base64(${column})`;
  return NESTED.test(type) ? `to_json(${column})::varchar` : `${column}::varchar`;
}

/** The cells of a row of whose columns the texts are given, in order. */
export function cellsOf(columns: readonly ColumnShape[], texts: readonly (string | null)[]): Cells {
  // Not by assignment: a column may be called `__proto__`.
  return Object.fromEntries(columns.map(({ name, type }, position) => [name, cellOf(texts[position] ?? null, type)]));
}

function cellOf(text: string | null, type: string): Cell {
  if (text === null) return null;
  if (type === 'BLOB') return { base64: text };
  if (type === 'BOOLEAN') return text === 'true';
  if (INTEGER.test(type)) return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  if (type === 'FLOAT' || type === 'DOUBLE') return Number.isFinite(Number(text)) ? Number(text) : text;
  return text;
}
