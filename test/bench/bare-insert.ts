// What the engine alone takes for the rows of an old file: `node bare-insert.ts --source FILE --folder DIR`. They go from the attached file into a table
// like `messages`, in a file of the same make as a memory, with one statement. Prints one line of JSON.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';

const { values } = parseArgs({ options: { source: { type: 'string' }, folder: { type: 'string' } } });
const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
const connection = await instance.connect();
await connection.run(`attach '${join(values.folder ?? '', 'bare.db')}' as store (block_size 16384, row_group_size 2048)`);
await connection.run(`attach '${values.source ?? ''}' as source (read_only)`);
await connection.run(`
  create table store.messages (
    id uuid not null primary key, conversation_id uuid not null, sequence integer not null, role varchar not null, sent_at timestamp not null,
    original_value varchar not null, original_value_sha256 varchar not null, converted_value varchar, converted_value_sha256 varchar,
    data_type varchar not null, response_error varchar not null, labels json not null, metadata json not null, original_prompt_id uuid not null,
    execution_id uuid, item_id uuid, original_parts integer, converted_parts integer)`);
const begun = performance.now();
await connection.run(`
  insert into store.messages
  select id, conversation_id, sequence, role, "timestamp", original_value, original_value_sha256,
    case when converted_value = original_value then null else converted_value end,
    case when converted_value = original_value then null else converted_value_sha256 end, converted_value_data_type, response_error, labels,
    prompt_metadata, original_prompt_id, null, null, null, null
  from source."PromptMemoryEntries"`);
const insertMs = performance.now() - begun;
connection.closeSync();
instance.closeSync();
console.log(JSON.stringify({ insertMs }));
