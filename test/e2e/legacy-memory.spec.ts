import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

/** Reads every file of a folder to its end, in a process of its own, and says how much that was and what it took. */
const READER = `
  import { discover, openLegacy, readLegacy, recognise } from '#legacy';
  let rows = 0, characters = 0, unreadable = 0, balanced = true;
  for await (const found of discover([process.argv[1]], { isOpenHere: () => false })) {
    await using database = await openLegacy(found, { isOpenHere: () => false });
    for await (const item of readLegacy(database, recognise(database))) {
      if (item.kind === 'account') balanced &&= item.rows === item.read + item.unreadable + item.skipped;
      if (item.kind === 'unreadable') unreadable += item.rows;
      if (item.kind !== 'row') continue;
      rows += 1;
      for (const cell of Object.values(item.original)) characters += typeof cell === 'string' ? cell.length : 0;
    }
  }
  console.log(JSON.stringify({ rows, characters, unreadable, balanced, maxRssMb: Math.round(process.resourceUsage().maxRSS / 1024) }));
`;

interface Taken {
  readonly rows: number;
  readonly characters: number;
  readonly unreadable: number;
  readonly balanced: boolean;
  readonly maxRssMb: number;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'legacy-memory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(name: string): Promise<Taken> {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', READER, join(folder, name)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: {} });
  return JSON.parse(stdout) as Taken;
}

async function makeDuckDb(name: string, statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, name), { threads: '1', memory_limit: '512MB' });
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

const MESSAGES = `create table "PromptMemoryEntries" (id varchar, role varchar, conversation_id varchar, sequence integer, timestamp timestamp,
  labels json, original_value varchar, converted_value varchar)`;

/** Rows from `from` on, each with two texts of `32 * repeats` characters. */
function messages(from: number, count: number, repeats: number): string {
  return `insert into "PromptMemoryEntries" select uuid()::varchar, 'user', 'c' || (i // 10), i % 10, timestamp '2025-01-01 00:00:00', '{}',
    repeat(md5(i::varchar), ${repeats}), repeat(md5((i + 7)::varchar), ${repeats}) from range(${from}, ${from + count}) r(i)`;
}

/** The process itself and the engine within its limit. It is far less than the texts. */
const MOST_MB = 400;

describe('The memory that reading takes', () => {
  it('does not grow with the number of rows', async () => {
    await makeDuckDb('many.db', [MESSAGES, ...[0, 1, 2, 3, 4, 5].map((part) => messages(part * 25_000, 25_000, 62))]);
    const taken = await read('many.db');
    expect(taken).toMatchObject({ rows: 150_000, unreadable: 0, balanced: true });
    expect(taken.characters / 1024 / 1024).toBeGreaterThan(560);
    expect(taken.maxRssMb).toBeLessThan(MOST_MB);
  }, 240_000);

  it('does not grow with the length of the texts', async () => {
    await makeDuckDb('wide.db', [MESSAGES, ...Array.from({ length: 8 }, (_, part) => messages(part * 128, 128, 10_000))]);
    const taken = await read('wide.db');
    expect(taken).toMatchObject({ rows: 1_024, unreadable: 0, balanced: true });
    expect(taken.characters / 1024 / 1024).toBeGreaterThan(600);
    expect(taken.maxRssMb).toBeLessThan(MOST_MB);
  }, 240_000);

  it('does not grow with a file of SQLite', async () => {
    const sqlite = new DatabaseSync(join(folder, 'many.sqlite'));
    sqlite.exec(`create table orchestrator_executions (id text, orchestrator_id text, input_data json, results json, created_by text);
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
      insert into orchestrator_executions select i, 'o', '{}', json_object('error', hex(randomblob(3000))), 'ann' from n`);
    sqlite.close();
    const taken = await read('many.sqlite');
    expect(taken).toMatchObject({ rows: 100_000, unreadable: 0, balanced: true });
    expect(taken.characters / 1024 / 1024).toBeGreaterThan(560);
    expect(taken.maxRssMb).toBeLessThan(MOST_MB);
  }, 240_000);
});
