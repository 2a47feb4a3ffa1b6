import { sql, type RawBuilder, type Transaction } from 'kysely';
import { stretchOf } from '#core';
import type { MemoryTables } from '../tables.js';
import type { Read } from './staged.js';

/** The rows of a table, or of one owner in it, in the order of their keys. */
export interface ExportedTable {
  readonly table: keyof MemoryTables;
  /** One or two columns that tell the rows apart. */
  readonly keys: readonly [string, ...string[]];
  /** A column that may be long. */
  readonly text: string;
  readonly within?: { readonly column: string; readonly id: string };
}

type Keys = Readonly<Record<string, string | number>>;

interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page goes on; null when there is none. */
  readonly last: Keys | null;
}

const PAGE_ROWS = 500;

/** All rows, read in pages of as much as may be held in memory together, each in a snapshot of its own. */
export async function* rowsOf<Row extends object>(read: Read, from: ExportedTable): AsyncGenerator<Row> {
  for (let last: Keys | null = null; ;) {
    const after: Keys | null = last;
    const page: Page<Row> = await read((db) => pageOf<Row>(db, from, after));
    yield* page.rows;
    if (page.last === null) return;
    last = page.last;
  }
}

async function pageOf<Row>(
  db: Transaction<MemoryTables>,
  { table, keys, text, within }: ExportedTable,
  after: Keys | null,
): Promise<Page<Row>> {
  const columns = sql.join(keys.map((key) => sql.ref(key)));
  const own = within === undefined ? sql`true` : sql`${sql.ref(within.column)} = ${within.id}`;
  const open = sql`${own} and ${after === null ? sql`true` : isAfter(keys, after)}`;
  const { rows: found } = await sql<Keys & { weight: number }>`
    select ${columns}, coalesce(length(cast(${sql.ref(text)} as varchar)), 0) as weight from ${sql.table(table)} where ${open}
    order by ${columns} limit ${PAGE_ROWS + 1}`.execute(db);
  const { rows: stretch, more } = stretchOf(found, PAGE_ROWS, ({ weight }) => weight);
  const last = stretch.at(-1);
  if (last === undefined) return { rows: [], last: null };
  const { rows } = await sql<Row>`
    select * from ${sql.table(table)} where ${open} and not ${isAfter(keys, last)} order by ${columns}`.execute(db);
  return { rows, last: more ? last : null };
}

function isAfter(keys: ExportedTable['keys'], last: Keys): RawBuilder<unknown> {
  const [first, second] = keys;
  const greater = sql`${sql.ref(first)} > ${last[first]}`;
  return second === undefined
    ? sql`(${greater})`
    : sql`(${greater} or (${sql.ref(first)} = ${last[first]} and ${sql.ref(second)} > ${last[second]}))`;
}
