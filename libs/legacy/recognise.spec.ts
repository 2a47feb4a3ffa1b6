import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { discover, isFinding, openLegacy, recognise, type Recognition } from './index.js';
import { catalogue, creates, makeSchema } from './testing/catalogue.js';
import { makeDuckDb } from './testing/duckdb-files.js';
import { all, APP_DATA, NOTHING_OPEN, Workspace } from './testing/fixtures.js';
import { Reading } from './testing/reading.js';
import { pyritSqliteHistory } from './testing/pyrit-sqlite-history.js';

let workspace: Workspace;
beforeEach(async () => {
  workspace = await Workspace.create();
});
afterEach(() => workspace[Symbol.asyncDispose]());

async function recognised(): Promise<Record<string, Recognition>> {
  const seen: Record<string, Recognition> = {};
  for (const found of await all(discover([workspace.path], NOTHING_OPEN))) {
    if (found.kind !== 'candidate') continue;
    const opened = await openLegacy(found, NOTHING_OPEN);
    if (isFinding(opened)) throw new Error(opened.detail);
    await using database = opened;
    seen[found.path.slice(workspace.path.length + 1)] = recognise(database);
  }
  return seen;
}

/** A table as `name: versions`, with what is wrong with it. */
function tablesOf(recognition: Recognition | undefined): string[] {
  return (recognition?.tables ?? []).map(({ table, versions, missing, extra, altered }) =>
    [
      `${table.name}: ${versions[0] ?? '?'}`,
      ...missing.map((name) => `-${name}`),
      ...extra.map((name) => `+${name}`),
      ...altered.map((name) => `~${name}`),
    ].join(' '),
  );
}

describe('recognise', () => {
  it('tells the 18 schemas of PyRIT apart, each table exactly', async () => {
    const schemas = await catalogue();
    expect(schemas).toHaveLength(18);
    for (const schema of schemas) await makeSchema(workspace.at(`${schema.schema_id}.db`), schema, 1);
    const seen = await recognised();
    for (const { schema_id, tables } of schemas) {
      const recognition = seen[`${schema_id}.db`];
      expect(recognition).toMatchObject({ is: 'pyrit', engine: 'duckdb', versions: [schema_id], hybrid: false, findings: [] });
      expect(recognition?.tables.map(({ table }) => table.name)).toEqual(Object.keys(tables).sort());
      for (const table of recognition?.tables ?? []) {
        expect({ name: table.table.name, exact: table.exact }).toEqual({ name: table.table.name, exact: true });
        expect(table.versions).toContain(schema_id);
      }
    }
  });

  it('recognises every file that was left', async () => {
    await workspace.unpackAppData();
    for (const name of ['pyrit-v0.4.0.db', 'pyrit-v0.6.0.db', 'pyrit-v0.9.0.db', 'walonly-0.9.0.db', 'walonly-0.9.0.db.wal'])
      await workspace.unpack(name);
    const seen = await recognised();
    const said = Object.fromEntries(
      Object.entries(seen).map(([name, { is, versions, releases }]) => [name.replace('app_data/', ''), [is, versions, releases]]),
    );
    expect(said).toEqual({
      [APP_DATA.service]: ['violentutf-service', [], []],
      [APP_DATA.configuration]: ['violentutf-configuration', [], []],
      [APP_DATA.reset]: ['violentutf-configuration', [], []],
      [APP_DATA.backup]: ['violentutf-configuration', [], []],
      'pyrit-v0.4.0.db': ['pyrit', ['D07'], ['0.3.0–0.4.0']],
      'pyrit-v0.6.0.db': ['pyrit', ['D13'], ['0.6.0']],
      'pyrit-v0.9.0.db': ['pyrit', ['D14'], ['0.7.0–0.9.0']],
      'walonly-0.9.0.db': ['pyrit', ['D14'], ['0.7.0–0.9.0']],
    });
    for (const { tables } of Object.values(seen))
      for (const table of tables) expect([table.table.name, table.exact]).toEqual([table.table.name, true]);
  });

  it('takes the tables of a hybrid each for itself', async () => {
    const schemas = new Map((await catalogue()).map((schema) => [schema.schema_id, schema]));
    const [old, fresh] = [schemas.get('D07'), schemas.get('D14')];
    if (!old || !fresh) throw new Error('The catalogue lacks schemas.');
    await makeDuckDb(workspace.at('hybrid.db'), [...creates(old), ...creates(fresh, ['SeedPromptEntries'])]);
    await makeDuckDb(workspace.at('grown.db'), [
      ...creates(fresh),
      'alter table "PromptMemoryEntries" add column tenant varchar',
      'create table notes (id integer, text varchar)',
      'create schema other',
      'create table other."PromptMemoryEntries" (id integer)',
    ]);
    await makeDuckDb(
      workspace.at('lost.db'),
      creates(fresh, ['PromptMemoryEntries']).map((sql) => sql.replace('"labels" JSON not null, ', '')),
    );
    await makeDuckDb(workspace.at('both.db'), [
      ...creates(fresh),
      'create table generators (id text, name text, parameters text, user_id text)',
    ]);
    const seen = await recognised();
    expect(seen['hybrid.db']).toMatchObject({ is: 'pyrit', hybrid: true, versions: [] });
    expect(tablesOf(seen['hybrid.db'])).toEqual([
      'EmbeddingData: D02',
      'PromptMemoryEntries: D05',
      'ScoreEntries: D07',
      'SeedPromptEntries: D13',
    ]);
    expect(seen['grown.db']).toMatchObject({ is: 'pyrit', hybrid: false, versions: ['D14'] });
    expect(tablesOf(seen['grown.db'])).toEqual([
      'EmbeddingData: D02',
      'PromptMemoryEntries: D14 +tenant',
      'ScoreEntries: D14',
      'SeedPromptEntries: D13',
      'notes: ?',
      'PromptMemoryEntries: ?',
    ]);
    expect(tablesOf(seen['lost.db'])).toEqual(['PromptMemoryEntries: D14 -labels']);
    expect(seen['both.db']?.is).toBe('mixed');
    expect(tablesOf(seen['both.db'])).toContain('generators: manager -type -status -created_at -updated_at -test_results');
  });

  it("tells the shapes of PyRIT's SQLite files apart", async () => {
    const history = await pyritSqliteHistory();
    for (const [version, statements] of Object.entries(history)) {
      const sqlite = new DatabaseSync(workspace.at(`${version}.sqlite`));
      for (const statement of statements) sqlite.exec(statement);
      sqlite.close();
    }
    const seen = await recognised();
    for (const version of Object.keys(history)) {
      expect(seen[`${version}.sqlite`]).toMatchObject({ is: 'pyrit', engine: 'sqlite', hybrid: false, versions: [version] });
      expect(tablesOf(seen[`${version}.sqlite`]).filter((table) => / [-+~]/.test(table))).toEqual([]);
    }
  });

  it('says what is none of ours, and what has nothing in it', async () => {
    await makeDuckDb(workspace.at('foreign.db'), [
      'create table scores (id integer, home integer, away integer)',
      'create table generators (watts integer)',
    ]);
    await makeDuckDb(workspace.at('own.db'), [
      'create table schema_migrations (name varchar, applied_at timestamp)',
      'create table generators (id varchar, name varchar, parameters json, secrets json)',
    ]);
    await workspace.unpack('walonly-0.9.0.db', 'hollow.db');
    const sqlite = new DatabaseSync(workspace.at('browser.sqlite'));
    sqlite.exec('create table urls (id integer primary key, url text)');
    sqlite.close();
    const seen = await recognised();
    const said = Object.fromEntries(
      Object.entries(seen).map(([name, { is, findings }]) => [name, [is, findings.map(({ reason }) => reason)]]),
    );
    expect(said).toEqual({
      'foreign.db': ['foreign', ['foreign']],
      'own.db': ['this-server', ['foreign']],
      'hollow.db': ['empty', ['empty']],
      'browser.sqlite': ['foreign', ['foreign']],
    });
    for (const name of ['foreign.db', 'own.db', 'browser.sqlite']) expect((await Reading.of(workspace.at(name))).accounts).toEqual([]);
    expect(seen['hollow.db']?.findings[0]?.detail).toContain('.wal');
  });
});
