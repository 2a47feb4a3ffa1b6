import type { DatabaseContent, TableContent } from '../database.js';

/** Asks a connection that has the database attached, or a transaction on one. */
export type Query = (statement: string) => Promise<{ readonly rows: readonly unknown[] }>;

/** A table of the attached database `store`, and the statement that makes it. */
export interface StoredTable {
  readonly name: string;
  readonly definition: string;
}

/** The tables of the database `store`, in the order in which they were made. */
export async function tablesOf(query: Query): Promise<readonly StoredTable[]> {
  const { rows } = await query(
    `select table_name as name, sql as definition from duckdb_tables()
     where database_name = 'store' and schema_name = 'main' and not internal order by table_oid`,
  );
  return rows as readonly StoredTable[];
}

/** What is in some tables of a database that is attached. Every value of every row is read for it, so every block is, and its checksum compared. */
export async function contentOf(query: Query, database: 'store' | 'copy', tables: readonly StoredTable[]): Promise<DatabaseContent> {
  const content = new Map<string, TableContent>();
  for (const { name } of tables) {
    const { rows } = await query(
      `select count(*) as rows, coalesce(sum(hash("a whole row")::hugeint), 0)::varchar as hash
       from ${database}.${identifier(name)} as "a whole row"`,
    );
    const [found] = rows as readonly { rows: number | bigint; hash: string }[];
    content.set(name, { rows: Number(found?.rows ?? 0), hash: found?.hash ?? '' });
  }
  return content;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
