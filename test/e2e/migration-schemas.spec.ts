import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDbFiles } from '../estate/duckdb-file.ts';
import { conversationOf, filledTables, textOf } from '../estate/every-column.ts';
import { closeMemories, openMemories, type Memory } from '../estate/memories.ts';
import { Operator, type Report } from '../estate/operator.ts';
import { pyritSchemas, type PyritSchema } from '../estate/pyrit-schema.ts';

const MINUTES = 60_000;
const FIXTURES = join(import.meta.dirname, '../fixtures/legacy');
/** A question and its answer. */
const ROWS = 2;

let folder: string;
let root: string;
let schemas: readonly PyritSchema[];
let operator: Operator;
let report: Report;
let memories: readonly Memory[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migration-schemas-'));
  root = join(folder, 'old');
  await mkdir(root);
  schemas = await pyritSchemas();
  await using files = await DuckDbFiles.create();
  for (const schema of schemas) await files.write(join(root, `${schema.schema_id}.db`), filledTables(schema, ROWS));
  writeExecution(join(root, 'of-ann.db'), schemas);
  await unpackFixtures(join(root, 'real'));
  operator = await Operator.at({ root, salts: ['probe_salt'] });
  report = await operator.migrateAll();
  memories = await openMemories(operator);
}, 10 * MINUTES);
afterAll(async () => {
  await closeMemories(memories);
  await operator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** That makes the conversation of each schema one of ann's. */
function writeExecution(path: string, all: readonly PyritSchema[]): void {
  const database = new DatabaseSync(path);
  database.exec(`create table orchestrator_executions (id uuid not null primary key, orchestrator_id uuid not null, execution_name varchar(255),
    execution_type varchar(50), input_data json, status varchar(50), results json, execution_summary json, started_at datetime,
    completed_at datetime, created_by varchar(255), pyrit_memory_session varchar(255), conversation_ids json)`);
  const insert = database.prepare(`insert into orchestrator_executions values (?, ?, 'all schemas', 'prompt_list', ?, 'completed', ?, null,
    '2024-03-01 12:00:00', '2024-03-01 12:00:01', 'ann', null, null)`);
  const results = {
    prompt_request_responses: all.map((schema) => ({
      conversation_id: conversationOf(schema),
      request: { prompt: '', conversation_id: conversationOf(schema) },
      response: { content: textOf(schema, 2), role: 'assistant' },
    })),
    scores: [],
  };
  const input = { prompt_list: all.map((schema) => textOf(schema, 1)) };
  insert.run('615a71eade6242b283c9aefc00e3a564', '3a3d42b6657c41e19e2da559648ea36e', JSON.stringify(input), JSON.stringify(results));
  database.close();
}

/** Every real file, the database of the newest PyRIT made of its statements. */
async function unpackFixtures(target: string): Promise<void> {
  await mkdir(target);
  for (const name of await readdir(FIXTURES)) {
    const content = gunzipSync(await readFile(join(FIXTURES, name)));
    const plain = basename(name, '.gz');
    if (plain.endsWith('.json')) continue;
    if (!plain.endsWith('.sql')) {
      await writeFile(join(target, plain), content);
      continue;
    }
    const database = new DatabaseSync(join(target, plain.replace('.sql', '.db')), { enableForeignKeyConstraints: false });
    database.exec(content.toString('utf8'));
    database.close();
  }
}

const memoryOf = (owner: string): Memory => {
  const memory = memories.find((each) => each.owner === owner);
  if (!memory) throw new Error(`There is no memory of ${owner}.`);
  return memory;
};

describe('A file of each schema that PyRIT ever had, and every real file', () => {
  it('is read', () => {
    const read = report.files.map(({ path }) => path.slice(root.length + 1)).sort();
    expect(read.filter((path) => /^D\d\d\.db$/.test(path))).toEqual(schemas.map(({ schema_id }) => `${schema_id}.db`));
    // The backup is a copy of its file, byte by byte, and counts once.
    expect(read.filter((path) => path.startsWith('real/'))).toEqual([
      'real/pyrit-head.db',
      'real/pyrit-v0.4.0.db',
      'real/pyrit-v0.6.0.db',
      'real/pyrit-v0.9.0.db',
      'real/pyrit_memory_1acefa53d4d0ea275fe181e3f59e19eaa60a8f80702edc514093b3e71d972c1b.db',
      'real/pyrit_memory_fbf56c7ab28631c04756840874f42076ee18c4c73cd928a1e8620f358a44a827.db',
      'real/violentutf.db',
      'real/walonly-0.9.0.db',
    ]);
    expect(report.findings).toEqual([]);
  });

  it('is accounted for, every row of it', () => {
    expect(report.discrepancies).toEqual([]);
    for (const { path, sha256, tables } of report.files)
      for (const { table, rows, read, unreadable, leftOut } of tables) {
        const accounts = report.accounts.filter((account) => account.file === sha256 && account.table === table);
        const sum = (of: (account: (typeof accounts)[number]) => number): number =>
          accounts.reduce((total, account) => total + of(account), 0);
        expect({ path, table, unreadable, rows }).toEqual({ path, table, unreadable: 0, rows: read + leftOut });
        expect({ path, table, received: sum((account) => account.read) }).toEqual({ path, table, received: read });
        expect({ path, table, decided: sum((each) => each.added + each.renamed + each.duplicate + each.quarantined) }).toEqual({
          path,
          table,
          decided: read,
        });
      }
    for (const { schema_id, tables } of schemas) {
      const file = report.files.find(({ path }) => basename(path) === `${schema_id}.db`);
      expect(Object.fromEntries(file?.tables.map(({ table, rows }) => [table, rows]) ?? [])).toEqual(
        Object.fromEntries(Object.keys(tables).map((table) => [table, ROWS])),
      );
    }
  });

  it('comes to whom an execution says it is of: what was said, in its order, and its scores', async () => {
    const ann = memoryOf('ann');
    for (const schema of schemas) {
      const texts = Array.from({ length: ROWS }, (_, index) => textOf(schema, index + 1));
      const said = await ann.rows<{ text: string; scores: number }>(
        `select original_value as text, cast((select count(*) from scores where message_id = messages.id) as integer) as scores
         from messages where original_value like $1 order by conversation_id, sequence`,
        [`What ${schema.schema_id} remembers%`],
      );
      expect(said.map(({ text }) => text)).toEqual(texts);
      expect(said.map(({ scores }) => scores)).toEqual(texts.map(() => ('ScoreEntries' in schema.tables ? 1 : 0)));
    }
  });

  it('of ViolentUTF comes to the one who used it, whole', async () => {
    const web = memoryOf('violentutf.web');
    const count = async (sql: string): Promise<number> =>
      Number((await web.rows<{ count: number }>(`select cast(count(*) as integer) as count from ${sql}`))[0]?.count);
    expect(await count(`generators where name = 'gen1'`)).toBe(1);
    expect((await web.rows<{ name: string }>('select name from scorers order by name')).map(({ name }) => name)).toEqual(['lik1', 'sub1']);
    expect(await count('executions')).toBe(5);
    expect(await count(`orchestrators where name = 'scorer_test_sub1_1'`)).toBe(1);
    const datasets = await web.rows<{ prompts: number; duplicates: number }>(
      'select prompt_count as prompts, duplicate_count as duplicates from datasets',
    );
    expect(datasets.map(({ prompts, duplicates }) => prompts + duplicates)).toEqual([1500, 1500, 1500]);
    const scores = await web.rows<{ prompt: string; answer: string; scorer: string }>(
      `select prompt.original_value as prompt, answer.original_value as answer, scorer_name as scorer
       from scores join messages as answer on answer.id = scores.message_id
       join messages as prompt on prompt.conversation_id = answer.conversation_id and prompt.role = 'user'
       where scorer_name <> 'Safety_Fallback_Scorer' order by all`,
    );
    expect(scores).toEqual([
      { prompt: 'Hello', answer: 'echo: Hello', scorer: 'sub1' },
      { prompt: 'h 300', answer: 'echo: h 300', scorer: 'sub1' },
      { prompt: 'h 535', answer: 'echo: h 535', scorer: 'sub1' },
    ]);
    expect(await count(`scores where scorer_name = 'Safety_Fallback_Scorer' and (metadata ->> 'synthetic') is distinct from 'true'`)).toBe(
      0,
    );
  });
});
