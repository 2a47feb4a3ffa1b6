import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, readdir, readFile, stat, utimes } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import {
  discover,
  isFinding,
  openLegacy,
  type Candidate,
  type Finding,
  type LegacyDatabase,
  type OpenOptions,
  type SourceRow,
} from './index.js';
import { makeDuckDb, makeKilledDuckDb, withStorageVersion } from './testing/duckdb-files.js';
import { all, APP_DATA, fixture, snapshot, NOTHING_OPEN, Workspace } from './testing/fixtures.js';

let workspace: Workspace;
let copies: Workspace;
beforeEach(async () => {
  workspace = await Workspace.create();
  copies = await Workspace.create();
});
afterEach(async () => {
  // Whatever happened, no private copy may stay behind.
  expect(await readdir(copies.path)).toEqual([]);
  await workspace[Symbol.asyncDispose]();
  await copies[Symbol.asyncDispose]();
});

async function candidate(name: string): Promise<Candidate> {
  const found = (await all(discover([workspace.path], NOTHING_OPEN))).find(
    (item) => item.kind === 'candidate' && item.path === workspace.at(name),
  );
  if (found?.kind !== 'candidate') throw new Error(`${name} is no candidate.`);
  return found;
}

async function open(name: string, options: Partial<OpenOptions> = {}): Promise<LegacyDatabase> {
  const opened = await openLegacy(await candidate(name), { ...NOTHING_OPEN, folder: copies.path, ...options });
  if (isFinding(opened)) throw new Error(`${name}: ${opened.reason}: ${opened.detail}`);
  return opened;
}

async function refusal(name: string, options: Partial<OpenOptions> = {}): Promise<Finding> {
  const opened = await openLegacy(await candidate(name), { ...NOTHING_OPEN, folder: copies.path, ...options });
  if (!isFinding(opened)) {
    await opened[Symbol.asyncDispose]();
    throw new Error(`${name} could be opened.`);
  }
  return opened;
}

function counts(database: LegacyDatabase): Record<string, number | null> {
  return Object.fromEntries(database.tables.map(({ name, rows }) => [name, rows]));
}

async function rowsOf(database: LegacyDatabase, name: string): Promise<{ rows: SourceRow[]; lost: number | null; reasons: Set<string> }> {
  const table = database.tables.find((table) => table.name === name);
  if (!table) throw new Error(`There is no table ${name}.`);
  const rows: SourceRow[] = [];
  const reasons = new Set<string>();
  let lost: number | null = 0;
  for await (const row of database.rows(table)) {
    if (row.kind === 'row') rows.push(row);
    else {
      lost = lost === null || row.rows === null ? null : lost + row.rows;
      reasons.add(row.reason);
    }
  }
  return { rows, lost, reasons };
}

describe('openLegacy', () => {
  it('reads every file that was left, and leaves all of them as they were', async () => {
    await workspace.unpackAppData();
    for (const name of ['pyrit-v0.4.0.db', 'pyrit-v0.6.0.db', 'pyrit-v0.9.0.db', 'walonly-0.9.0.db', 'walonly-0.9.0.db.wal'])
      await workspace.unpack(name);
    await utimes(workspace.at('pyrit-v0.4.0.db'), 1_000, 2_000);
    const before = await snapshot(workspace.path);
    const seen: Record<string, unknown> = {};
    for (const found of await all(discover([workspace.path], NOTHING_OPEN))) {
      expect(found.kind).toBe('candidate');
      const name = found.path.slice(workspace.path.length + 1).replace('app_data/', '');
      await using database = await open(found.path.slice(workspace.path.length + 1));
      expect((await stat(copies.path)).mode & 0o777).toBe(0o700);
      for (const folder of await readdir(copies.path)) expect((await stat(copies.at(folder))).mode & 0o777).toBe(0o700);
      for (const table of database.tables) expect((await rowsOf(database, table.name)).rows).toHaveLength(table.rows ?? -1);
      expect(database.findings).toEqual([]);
      seen[name] = counts(database);
    }
    const pyrit = { EmbeddingData: 1, PromptMemoryEntries: 6, ScoreEntries: 1 };
    expect(seen).toEqual({
      [APP_DATA.service]: { api_keys: 1, orchestrator_configurations: 1, orchestrator_executions: 5 },
      [APP_DATA.configuration]: { converters: 0, dataset_prompts: 4500, datasets: 3, generators: 1, scorers: 2, user_sessions: 1 },
      [APP_DATA.reset]: { conversations: 0, prompt_pieces: 0, scores: 0 },
      [APP_DATA.backup]: { conversations: 0, prompt_pieces: 0, scores: 0 },
      'pyrit-v0.4.0.db': pyrit,
      'pyrit-v0.6.0.db': { ...pyrit, SeedPromptEntries: 2 },
      'pyrit-v0.9.0.db': { ...pyrit, SeedPromptEntries: 2 },
      'walonly-0.9.0.db': { EmbeddingData: 5, PromptMemoryEntries: 300, ScoreEntries: 20, SeedPromptEntries: 0 },
    });
    expect(await snapshot(workspace.path)).toEqual(before);
  });

  it('keeps values as they were written', async () => {
    await makeDuckDb(workspace.at('values.db'), [
      `create table "a ""table""" ("my column" varchar, j json, b blob, n hugeint, i integer, d double, f boolean, t timestamp, u uuid, l varchar[])`,
      `insert into "a ""table""" values (chr(65279) || 'mark', '{"a": 1,  "a": 2}', '\\xAA\\x00'::blob, 170141183460469231731687303715884105727,
        -7, 'nan', true, '2024-02-29 23:59:59.123456', '0d49ca2a-21d5-467e-a0e3-0910de83fac6', ['x', null, 'ÿ'])`,
      `insert into "a ""table""" values (null, null, null, 12, null, 0.5, false, 'infinity', null, [])`,
    ]);
    await using database = await open('values.db');
    const { rows } = await rowsOf(database, 'a "table"');
    expect(rows.map(({ cells }) => cells)).toEqual([
      {
        'my column': '\ufeffmark',
        j: '{"a": 1,  "a": 2}',
        b: { base64: 'qgA=' },
        n: '170141183460469231731687303715884105727',
        i: -7,
        d: 'nan',
        f: true,
        t: '2024-02-29 23:59:59.123456',
        u: '0d49ca2a-21d5-467e-a0e3-0910de83fac6',
        l: '["x",null,"ÿ"]',
      },
      { 'my column': null, j: null, b: null, n: 12, i: null, d: 0.5, f: false, t: 'infinity', u: null, l: '[]' },
    ]);
    expect(rows.map(({ rowId }) => rowId)).toEqual([0, 1]);
  });

  it('keeps values of SQLite as they were written', async () => {
    const sqlite = new DatabaseSync(workspace.at('values.sqlite'));
    sqlite.exec(`create table t (a text, b); create table w (k text primary key, v) without rowid; create view v as select * from t`);
    sqlite.prepare('insert into t values (?, ?)').run('\ufeffa\0b', 9_007_199_254_740_993n);
    sqlite.exec(`insert into t values (cast(x'61ff62' as text), x'00ff'), ('\ufffd', 9e999); insert into w values ('k', 1)`);
    sqlite.exec('insert into t (rowid, a) values (-5, null), (-9223372036854775808, null), (9223372036854775807, null)');
    sqlite.close();
    await using database = await open('values.sqlite');
    expect(database.tables.map(({ name }) => name)).toEqual(['t', 'w']);
    const { rows } = await rowsOf(database, 't');
    expect(rows.map(({ rowId, cells }) => [rowId, cells['a'], cells['b']])).toEqual([
      [Number(-(2n ** 63n)), null, null],
      [-5, null, null],
      [1, '\ufeffa\0b', '9007199254740993'],
      [2, { base64: 'Yf9i' }, { base64: 'AP8=' }],
      [3, '\ufffd', 'Infinity'],
      [Number(2n ** 63n - 1n), null, null],
    ]);
    expect((await rowsOf(database, 'w')).rows[0]?.cells).toEqual({ k: 'k', v: 1 });
  });

  it('replays the log of a killed process in the copy only', async () => {
    await makeKilledDuckDb(workspace.at('killed.db'), [
      'create table t (a integer)',
      'insert into t select * from range(1000)',
      'delete from t where a < 10',
    ]);
    const before = await snapshot(workspace.path);
    await using database = await open('killed.db');
    expect(counts(database)).toEqual({ t: 990 });
    const { rows, lost } = await rowsOf(database, 't');
    expect([rows.length, lost]).toEqual([990, 0]);
    expect(await snapshot(workspace.path)).toEqual(before);
  });

  it('reads what an orphan log holds by itself', async () => {
    await workspace.unpack('walonly-0.9.0.db.wal', 'gone.db.wal');
    await using database = await open('gone.db.wal');
    expect(counts(database)).toMatchObject({ PromptMemoryEntries: 300, ScoreEntries: 20 });
  });

  it('reads a damaged log up to the damage, and says so', async () => {
    const log = await fixture('walonly-0.9.0.db.wal');
    await workspace.unpack('walonly-0.9.0.db', 'flipped.db');
    await workspace.put('flipped.db.wal', flip(log, log.length >> 1));
    await using flipped = await open('flipped.db');
    expect(flipped.findings.map(({ reason }) => reason)).toEqual(['log-damaged']);
    expect(flipped.findings[0]?.detail).toMatch(/first \d+ of 174973 bytes/);
    expect(counts(flipped)).toMatchObject({ PromptMemoryEntries: 149 });
    expect((await rowsOf(flipped, 'PromptMemoryEntries')).rows).toHaveLength(149);

    await workspace.unpack('walonly-0.9.0.db', 'cut.db');
    await workspace.put('cut.db.wal', log.subarray(0, log.length >> 1));
    await using cut = await open('cut.db');
    expect(cut.findings.map(({ reason }) => reason)).toEqual(['log-torn']);
    expect(counts(cut)).toMatchObject({ PromptMemoryEntries: 149 });

    await workspace.unpack('walonly-0.9.0.db', 'oversized.db');
    await workspace.put('oversized.db.wal', flip(log, 12));
    await using oversized = await open('oversized.db');
    expect(oversized.findings.map(({ reason }) => reason)).toEqual(['log-torn']);
    expect(oversized.tables).toEqual([]);
  });

  it("leaves out a log that is not the file's, and says so", async () => {
    await workspace.unpack('pyrit-v0.9.0.db', 'mixed.db');
    await workspace.unpack('walonly-0.9.0.db.wal', 'mixed.db.wal');
    await using database = await open('mixed.db');
    expect(database.findings.map(({ reason }) => reason)).toEqual(['log-damaged']);
    expect(counts(database)).toMatchObject({ PromptMemoryEntries: 6 });
  });

  it("says why a file can't be opened", async () => {
    const whole = await fixture('pyrit-v0.9.0.db');
    await workspace.put('newer.db', withStorageVersion(whole, 99));
    await workspace.put('truncated.db', whole.subarray(0, 13_000));
    await workspace.put('stub.db', whole.subarray(0, 100));
    await workspace.put('flipped.db', flip(whole, 12_400));
    await workspace.put('version.db', flip(whole, 12));
    const sqlite = await fixture('violentutf.db');
    await workspace.put('schema.sqlite', flip(sqlite, 100, 60));
    await workspace.put('stub.sqlite', sqlite.subarray(0, 60));
    const reasons: Record<string, string> = {};
    for (const name of ['newer.db', 'truncated.db', 'stub.db', 'flipped.db', 'version.db', 'schema.sqlite', 'stub.sqlite']) {
      const { reason, detail, path } = await refusal(name);
      expect(path).toBe(workspace.at(name));
      expect(detail).not.toContain(copies.path);
      reasons[name] = reason;
    }
    expect(reasons).toEqual({
      'newer.db': 'newer-format',
      'truncated.db': 'truncated',
      'stub.db': 'truncated',
      'flipped.db': 'damaged',
      'version.db': 'damaged',
      'schema.sqlite': 'damaged',
      'stub.sqlite': 'damaged',
    });
  });

  it('reads what is left around a damaged block of DuckDB', async () => {
    const rows = 20_000;
    await makeDuckDb(workspace.at('whole.db'), [
      `create table t as select i as id, md5(i::varchar) || repeat(md5((i * 7)::varchar), 3) as a, md5((i * 3)::varchar) as b from range(${rows}) r(i)`,
    ]);
    const whole = await readFile(workspace.at('whole.db'));
    let partly = 0;
    for (const share of [0.3, 0.6]) {
      await workspace.put('hurt.db', flip(whole, Math.floor(whole.length * share)));
      const opened = await openLegacy(await candidate('hurt.db'), { ...NOTHING_OPEN, folder: copies.path });
      if (isFinding(opened)) continue;
      await using database = opened;
      const { rows: read, lost } = await rowsOf(database, 't');
      const hurt = read.filter(({ damaged }) => damaged.length > 0);
      expect(read.length + (lost ?? 0)).toBe(rows);
      expect(new Set(read.map(({ rowId }) => rowId)).size).toBe(read.length);
      // What can be read is right, whatever lies beside it.
      for (const { rowId, cells } of read) if ('id' in cells) expect(cells['id']).toBe(rowId);
      if (hurt.length > 0 && hurt.length < rows) partly += 1;
      for (const { cells, damaged } of hurt) for (const column of damaged) expect(cells).not.toHaveProperty(column);
    }
    expect(partly).toBeGreaterThan(0);
  });

  it('reads what is left around a damaged page of SQLite', async () => {
    const sqlite = new DatabaseSync(workspace.at('whole.sqlite'));
    sqlite.exec(`create table t (a text); with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
      insert into t select hex(randomblob(100)) || i from n`);
    sqlite.close();
    const whole = await readFile(workspace.at('whole.sqlite'));
    await workspace.put('hurt.sqlite', flip(whole, ((whole.length >> 13) << 12) + 1, 40));
    await using database = await open('hurt.sqlite');
    const { rows, lost, reasons } = await rowsOf(database, 't');
    expect(rows.length).toBeGreaterThan(4000);
    expect(rows.length).toBeLessThan(5000);
    expect(new Set(rows.map(({ rowId }) => rowId)).size).toBe(rows.length);
    expect(lost).toBeNull();
    expect([...reasons][0]).toContain('damaged');
    expect(database.findings.map(({ reason }) => reason)).toEqual(['damaged']);
  });

  it("loses no row but the one that SQLite can't make out", async () => {
    const sqlite = new DatabaseSync(workspace.at('made.sqlite'));
    sqlite.exec(`create table t (rowid text, a text);
      insert into t values ('one', '{"x": 1}'), ('two', 'no json'), ('three', '{"x": 3}'), ('four', '{}');
      alter table t add column b generated always as (json_extract(a, '$.x')) virtual`);
    sqlite.close();
    await using database = await open('made.sqlite');
    const { rows, lost } = await rowsOf(database, 't');
    expect(rows.map(({ rowId, cells }) => [rowId, cells['rowid'], cells['b']])).toEqual([
      [1, 'one', 1],
      [4, 'four', null],
      [3, 'three', 3],
    ]);
    expect(lost).toBe(1);
    await makeDuckDb(workspace.at('hidden.db'), ['create table t (rowid integer)', 'insert into t values (7), (7)']);
    await using hidden = await open('hidden.db');
    expect(await rowsOf(hidden, 't')).toMatchObject({ rows: [], lost: 2 });
  });

  it('rolls back what SQLite had not finished, in the copy only', async () => {
    const sqlite = new DatabaseSync(workspace.at('living'));
    sqlite.exec('pragma cache_size = 5; create table t (a text); insert into t values (zeroblob(100))');
    sqlite.exec('begin; delete from t');
    for (let row = 0; row < 200; row++) sqlite.prepare('insert into t values (?)').run('x'.repeat(4000));
    await workspace.put('hot.sqlite', await readFile(workspace.at('living')));
    await workspace.put('hot.sqlite-journal', await readFile(workspace.at('living-journal')));
    sqlite.exec('rollback');
    sqlite.close();
    const before = await snapshot(workspace.path);
    await using database = await open('hot.sqlite');
    expect(counts(database)).toEqual({ t: 1 });
    expect(await snapshot(workspace.path)).toEqual(before);
  });

  it('reads the log of SQLite, and says when it does not count', async () => {
    const sqlite = new DatabaseSync(workspace.at('living'));
    sqlite.exec('pragma journal_mode = wal; create table t (a text)');
    sqlite.exec(`insert into t values ('only in the log')`);
    const log = await readFile(workspace.at('living-wal'));
    await workspace.put('logged.sqlite', await readFile(workspace.at('living')));
    await workspace.put('logged.sqlite-wal', log);
    await workspace.put('foreign.sqlite', await fixture('violentutf.db'));
    await workspace.put('foreign.sqlite-wal', flip(log, 40, 20));
    sqlite.close();
    await using logged = await open('logged.sqlite');
    expect(counts(logged)).toEqual({ t: 1 });
    expect(logged.findings).toEqual([]);
    await using foreign = await open('foreign.sqlite');
    expect(counts(foreign)).toMatchObject({ orchestrator_executions: 5 });
    expect(foreign.findings.map(({ reason }) => reason)).toEqual(['log-damaged']);
  });

  it('refuses what changed since the scan', async () => {
    await workspace.unpack('pyrit-v0.9.0.db', 'moving.db');
    const scanned = await candidate('moving.db');
    await appendFile(scanned.path, 'more');
    expect(await openLegacy(scanned, { ...NOTHING_OPEN, folder: copies.path })).toMatchObject({ reason: 'changed' });
  });

  it('gives up in time', async () => {
    await workspace.unpack('walonly-0.9.0.db', 'slow.db');
    await workspace.unpack('walonly-0.9.0.db.wal', 'slow.db.wal');
    expect(await refusal('slow.db', { openTimeoutMs: 0 })).toMatchObject({ reason: 'timeout' });
  });

  it('reports a row that is too large and reads the others', async () => {
    await makeDuckDb(workspace.at('large.db'), [
      'create table t (a varchar)',
      `insert into t select case when i = 5 then repeat('x', 300000) else 'small' end from range(10) r(i)`,
    ]);
    const sqlite = new DatabaseSync(workspace.at('large.sqlite'));
    sqlite.exec(`create table t (a text); insert into t values ('small'), (printf('%.300000c', 'x')), ('small')`);
    sqlite.close();
    await using duckdb = await open('large.db', { maxRowBytes: 100_000 });
    expect(await rowsOf(duckdb, 't')).toMatchObject({ lost: 1, rows: { length: 9 } });
    await using large = await open('large.sqlite', { maxRowBytes: 100_000 });
    expect(await rowsOf(large, 't')).toMatchObject({ lost: 1, rows: { length: 2 } });
  });

  it('can be left in the middle of a table', async () => {
    await workspace.unpackAppData();
    await using database = await open(`app_data/${APP_DATA.configuration}`);
    const prompts = database.tables.find(({ name }) => name === 'dataset_prompts');
    if (!prompts) throw new Error('There are no prompts.');
    for await (const row of database.rows(prompts)) {
      expect(row).toMatchObject({ rowId: 0 });
      break;
    }
    expect((await rowsOf(database, 'datasets')).rows).toHaveLength(3);
  });
});

/** A copy of some bytes of which a few are others. */
function flip(bytes: Buffer, at: number, length = 1): Buffer {
  const copy = Buffer.from(bytes);
  for (let index = at; index < at + length; index++) copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
}
