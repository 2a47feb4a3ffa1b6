import { makeDuckDb } from './duckdb-files.js';
import { fixture } from './fixtures.js';

/** One of the 18 physical schemas of PyRIT's DuckDB files, as they were found in its own history. */
export interface CataloguedSchema {
  readonly schema_id: string;
  readonly tables: Readonly<
    Record<
      string,
      {
        readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
        readonly constraints: readonly string[];
      }
    >
  >;
}

export async function catalogue(): Promise<readonly CataloguedSchema[]> {
  return JSON.parse((await fixture('pyrit-duckdb-schemas.json')).toString('utf8')) as readonly CataloguedSchema[];
}

/** The statements that make the tables of a schema, in the order in which they refer to each other. */
export function creates(schema: CataloguedSchema, only: readonly string[] = Object.keys(schema.tables)): string[] {
  return Object.entries(schema.tables)
    .filter(([name]) => only.includes(name))
    .map(([name, { columns, constraints }]) => {
      const parts = columns.map((column) => `"${column.name}" ${column.type}${column.nullable ? '' : ' not null'}`);
      return `create table "${name}" (${[...parts, ...constraints.map((constraint) => constraint.replace(/REFERENCES (\w+)/, 'REFERENCES "$1"'))].join(', ')})`;
    });
}

/** A UUID for a number. */
export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

const JSON_BY_COLUMN: Readonly<Record<string, string>> = {
  labels: '{"operator": "roakey", "operation": "op", "number": 7}',
  converter_identifiers: '[{"__type__": "Base64Converter", "__module__": "pyrit.prompt_converter"}]',
  converters: '[{"__type__": "Base64Converter", "__module__": "pyrit.prompt_converter"}]',
  harm_categories: '["illegal"]',
  authors: '["ann"]',
  groups: '["red"]',
  parameters: '["thing"]',
  pruned_conversation_ids: 'null',
  adversarial_chat_conversation_ids: '["adversary"]',
  prompt_metadata: '{"k": "v"}',
  attack_metadata: '{"k": "v"}',
};

/** A literal for a column of row `number`: of its type, and of the shape that PyRIT gave such values. */
function literal(table: string, column: string, type: string, number: number): string {
  if (column === 'role') return `'${number % 2 === 0 ? 'user' : 'assistant'}'`;
  if (type === 'UUID') return `'${idOf(column === 'original_prompt_id' && number === 3 ? 1 : number)}'`;
  if (type === 'INTEGER') return String(number);
  if (type === 'TIMESTAMP') return `'2024-03-0${(number % 9) + 1} 12:34:56.789012'`;
  if (type === 'FLOAT[]') return '[0.1, 0.2]';
  if (type === 'VARCHAR[]') return `['one', 'two']`;
  if (type === 'JSON') return `'${JSON_BY_COLUMN[column] ?? `{"__type__": "Of${column}", "__module__": "pyrit", "id": "${idOf(900)}"}`}'`;
  if (column.endsWith('data_type')) return `'text'`;
  if (column === 'score_type') return `'true_false'`;
  if (column === 'score_value') return `'True'`;
  if (column === 'response_error') return `'none'`;
  if (column === 'conversation_id') return `'conversation ${number % 2}'`;
  return `'${table}.${column} ${number} – ünïcödé'`;
}

/** Rows for every table of a schema: numbers from 1, every column filled. */
export function inserts(schema: CataloguedSchema, rows: number, only: readonly string[] = Object.keys(schema.tables)): string[] {
  return Object.entries(schema.tables)
    .filter(([name]) => only.includes(name))
    .map(([name, { columns }]) => {
      const tuples = Array.from(
        { length: rows },
        (_, index) => `(${columns.map((column) => literal(name, column.name, column.type, index + 1)).join(', ')})`,
      );
      return `insert into "${name}" (${columns.map((column) => `"${column.name}"`).join(', ')}) values ${tuples.join(', ')}`;
    });
}

/** Makes a file of a schema. */
export async function makeSchema(path: string, schema: CataloguedSchema, rows: number): Promise<void> {
  await makeDuckDb(path, [...creates(schema), ...inserts(schema, rows)]);
}
