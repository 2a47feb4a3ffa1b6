import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const CATALOGUE = join(import.meta.dirname, '../fixtures/legacy/pyrit-duckdb-schemas.json.gz');

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** One of the physical schemas of PyRIT's DuckDB files, as they were found in its own history; or a hybrid of two. */
export interface PyritSchema {
  readonly schema_id: string;
  readonly tables: Readonly<Record<string, { readonly columns: readonly Column[]; readonly constraints: readonly string[] }>>;
}

/** All 18, D01 to D18, in this order. */
export async function pyritSchemas(): Promise<readonly PyritSchema[]> {
  return JSON.parse(gunzipSync(await readFile(CATALOGUE)).toString('utf8')) as readonly PyritSchema[];
}

/**
 * A schema by its id. `D05+D14` is an old file that a newer release opened: its tables stay as they were, and those that it lacked were made as they
 * were by then.
 * @throws when there is none of that id
 */
export function schemaNamed(id: string, schemas: readonly PyritSchema[]): PyritSchema {
  const [old, newer] = id.split('+').map((part) => schemas.find(({ schema_id }) => schema_id === part));
  if (!old) throw new Error(`There is no schema ${id}.`);
  return newer ? { schema_id: id, tables: { ...newer.tables, ...old.tables } } : old;
}

/** The statement that makes a table of a schema. @throws when the schema has none of that name */
export function createOf(schema: PyritSchema, table: string): string {
  const shape = schema.tables[table];
  if (!shape) throw new Error(`${schema.schema_id} has no table ${table}.`);
  const columns = shape.columns.map(({ name, type, nullable }) => `"${name}" ${type}${nullable ? '' : ' not null'}`);
  const constraints = shape.constraints.map((constraint) => constraint.replace(/REFERENCES (\w+)/, 'REFERENCES "$1"'));
  return `create table "${table}" (${[...columns, ...constraints].join(', ')})`;
}
