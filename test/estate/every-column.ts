import { createHash } from 'node:crypto';
import { createOf, type PyritSchema } from './pyrit-schema.ts';
import type { Table, Value } from './table.ts';

/** Of the shape that PyRIT gave such columns, where it is not that of an identifier. */
const JSON_BY_COLUMN: Readonly<Record<string, string>> = {
  labels: '{"operator": "roakey", "number": 7}',
  converter_identifiers: '[{"__type__": "Base64Converter", "__module__": "pyrit.prompt_converter"}]',
  converters: '[{"__type__": "Base64Converter", "__module__": "pyrit.prompt_converter"}]',
  harm_categories: '["illegal"]',
  authors: '["ann"]',
  groups: '["red"]',
  parameters: '["thing"]',
  prompt_metadata: '{"k": "v"}',
  attack_metadata: '{"k": "v"}',
  pruned_conversation_ids: 'null',
  adversarial_chat_conversation_ids: '["adversary"]',
};

/** The one conversation of a file that is filled by `filledTables`. */
export function conversationOf({ schema_id }: PyritSchema): string {
  return `conversation of ${schema_id}`;
}

/** The text of a message of such a file. @param number from 1 */
export function textOf({ schema_id }: PyritSchema, number: number): string {
  return `What ${schema_id} remembers, ${number} – ünïcödé`;
}

/** All tables of a schema with rows that have something in every column. They refer to each other by their numbers. */
export function filledTables(schema: PyritSchema, rows: number): readonly Table[] {
  return Object.entries(schema.tables).map(([name, { columns }]) => ({
    name,
    create: createOf(schema, name),
    rows: Array.from({ length: rows }, (_, index) => ({
      cells: Object.fromEntries(columns.map((column) => [column.name, valueOf(schema, column.name, column.type, index + 1)])),
      mark: null,
      owner: 'ann',
      fate: 'taken' as const,
    })),
  }));
}

function valueOf(schema: PyritSchema, column: string, type: string, number: number): Value {
  if (type === 'UUID') return idOf(`${schema.schema_id} ${number}`);
  if (type === 'INTEGER') return number;
  if (type === 'TIMESTAMP') return `2024-03-0${number} 12:34:56.789012`;
  if (type === 'FLOAT[]') return '[0.1, 0.2]';
  if (type === 'VARCHAR[]') return '[one, two]';
  if (type === 'JSON') return JSON_BY_COLUMN[column] ?? `{"__type__": "Of${column}", "__module__": "pyrit", "id": "${idOf(column)}"}`;
  if (column === 'role') return number % 2 === 1 ? 'user' : 'assistant';
  if (column === 'conversation_id') return conversationOf(schema);
  if (column === 'score_type') return 'true_false';
  if (column === 'score_value') return 'True';
  if (column === 'response_error') return 'none';
  if (column.endsWith('data_type')) return 'text';
  if (column.endsWith('sha256')) return createHash('sha256').update(textOf(schema, number)).digest('hex');
  return /^(?:content|(?:original|converted)_(?:value|prompt_text))$/.test(column)
    ? textOf(schema, number)
    : `${column} of ${schema.schema_id} ${number}`;
}

function idOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
