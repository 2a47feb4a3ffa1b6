import type { Fate, Owner, TrueRow } from './truth.ts';

/** A value as it is stored; JSON, moments and lists as text. */
export type Value = string | number | null;

/** A row to be written, with the truth about it. */
export interface Row {
  readonly cells: Readonly<Record<string, Value>>;
  readonly mark: string | null;
  readonly owner: Owner;
  readonly fate: Fate;
}

/** A table to be written. */
export interface Table {
  readonly name: string;
  /** The statement that makes it. */
  readonly create: string;
  /** In the order in which they are written. */
  readonly rows: readonly Row[];
}

/** What is true of the rows of tables, numbered as an engine numbers them. @param first 0 for DuckDB, 1 for SQLite */
export function trueRows(tables: readonly Table[], first: 0 | 1): readonly TrueRow[] {
  return tables.flatMap(({ name, rows }) =>
    rows.map(({ mark, owner, fate }, index) => ({ table: name, row: first + index, mark, owner, fate })),
  );
}

/** The columns that any of the rows fills. */
export function columnsOf({ rows }: Table): readonly string[] {
  return [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))];
}
