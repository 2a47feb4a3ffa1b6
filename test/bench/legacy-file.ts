// Makes an old file, in a process of its own so that its memory is nobody else's: `node legacy-file.ts --file FILE --rows N`. It is one of PyRIT 0.9 (D14)
// with N messages of twice 300 characters, four in a conversation, as its program would have written them. Prints one line of JSON.
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';

const { values } = parseArgs({ options: { file: { type: 'string' }, rows: { type: 'string' } } });
const rows = Number(values.rows);

/** Words of hexadecimal digits: they differ, and compress no better than text does. */
function text(salt: string, row = 'i'): string {
  return Array.from({ length: 9 }, (_, word) => `md5(${row} || '${salt}${word}')`).join(` || ' ' || `);
}

/** Ids as Python makes them: they say nothing of their order. */
function id(number: string): string {
  return `cast(md5(${number}) as uuid)`;
}

const CREATE = `
  create table "PromptMemoryEntries" (
    id uuid not null, role varchar not null, conversation_id varchar not null, sequence integer not null, "timestamp" timestamp not null,
    labels json not null, prompt_metadata json not null, converter_identifiers json, prompt_target_identifier json not null,
    orchestrator_identifier json not null, response_error varchar, original_value_data_type varchar not null, original_value varchar not null,
    original_value_sha256 varchar, converted_value_data_type varchar not null, converted_value varchar, converted_value_sha256 varchar,
    original_prompt_id uuid not null, primary key (id))`;

const FILL = `
  insert into "PromptMemoryEntries"
  with texts as (
    select i, i % 2 = 0 as asked, ${text('o')} as original, case when i % 2 = 0 then ${text('c')} else ${text('o')} end as converted
    from range(${rows}) as numbers(i))
  select ${id("'m' || i")}, case when asked then 'user' else 'assistant' end, ${id("'c' || i // 4")}::varchar, i % 4,
    timestamp '2025-05-01' + to_milliseconds(i * 700), '{"operator": "roakey", "operation": "op"}', '{}',
    case when asked then '[{"__type__": "Base64Converter", "__module__": "pyrit.prompt_converter"}]' else '[]' end,
    '{"__type__": "OpenAIChatTarget", "__module__": "pyrit.prompt_target"}',
    '{"__type__": "PromptSendingOrchestrator", "__module__": "pyrit.orchestrator", "id": "9a1c9e6e-7d3b-4a53-8c2e-0d6a3c1b5f42"}', 'none',
    'text', original, sha256(original), 'text', converted, sha256(converted), ${id("'m' || i")}
  from texts order by i`;

const instance = await DuckDBInstance.create(values.file ?? '', { memory_limit: '2GB' });
const connection = await instance.connect();
await connection.run(CREATE);
await connection.run(FILL);
await connection.run('checkpoint');
connection.closeSync();
instance.closeSync();
console.log(JSON.stringify({ made: rows }));
