import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { sql } from 'kysely';
import {
  DatabaseBroken,
  DatabaseCorrupt,
  DatabaseHeld,
  DatabaseMissing,
  DatabaseOpenTwice,
  DatabaseRegistry,
  duckDbKey,
  migrate,
  openDuckDb,
  type Database,
  type DuckDbOptions,
} from '../index.js';
import { databaseConformance } from '../testing/conformance.js';
import { DuckDbHarness } from '../testing/duckdb-harness.js';
import { countNotes, noteMigrations, pause, someNotes, type NoteTables } from '../testing/harness.js';

databaseConformance('DuckDB', new DuckDbHarness());

const harness = new DuckDbHarness();
let directory: string;

beforeEach(async () => {
  directory = await harness.directory();
});

afterEach(() => harness.cleanup());

async function opened(name = 'one', options: Partial<DuckDbOptions> = {}): Promise<Database<NoteTables>> {
  const database = await harness.open<NoteTables>(name, options);
  await migrate(database, noteMigrations, name);
  return database;
}

describe('the sandbox', () => {
  it('lets SQL reach nothing but its own file, and no setting', async () => {
    const database = await opened();
    writeFileSync(join(directory, 'secret.txt'), 'secret');
    const attempts = [
      `select * from read_text('${directory}/secret.txt')`,
      `copy notes to '${directory}/out.csv'`,
      `attach '${directory}/other.db' as other`,
      `install httpfs`,
      `set memory_limit = '8GB'`,
      `set enable_external_access = true`,
    ];
    for (const attempt of attempts) await expect(database.transact((tx) => sql.raw(attempt).execute(tx))).rejects.toThrow();
    expect(readdirSync(directory).filter((file) => /^(out|other)/.test(file))).toEqual([]);
  });
});

describe('what a database has done', () => {
  it('is told without asking it: when it was opened, last written and last folded in, and how its appends were committed', async () => {
    const commits: { readonly appends: number; readonly ms: number }[] = [];
    const began = Date.now();
    const database = await opened('one', { onCommit: (commit) => void commits.push(commit) });
    const before = database.activity();
    expect(before.openedAt).toBeGreaterThanOrEqual(began);
    await Promise.all([database.append({ notes: someNotes(3) }), database.append({ notes: someNotes(5, 3) })]);
    expect(commits.map(({ appends }) => appends)).toEqual([2]);
    expect(commits[0]?.ms).toBeGreaterThan(0);
    const written = database.activity();
    expect(written.lastWriteAt).toBeGreaterThanOrEqual(before.openedAt);
    await database.append({ notes: someNotes(1, 8) });
    expect(database.activity().lastCheckpointAt).toBe(written.lastCheckpointAt);
    // It is looked for when the checkpoint is over, which the next job waits for.
    await pause(20);
    await database.checkpoint();
    await database.append({ notes: someNotes(1, 9) });
    expect(database.activity().lastCheckpointAt).toBeGreaterThan(written.lastCheckpointAt ?? Infinity);
    await database.close();
    const again = await harness.open<NoteTables>('one');
    expect(again.activity()).toMatchObject({ lastWriteAt: null, lastCheckpointAt: expect.any(Number) });
  });

  it('includes how many hold it, where it is lent', async () => {
    const registry = new DatabaseRegistry<Database<NoteTables>>({ maxOpen: 2 });
    expect(registry.peek('one')).toBeNull();
    await registry.lend(
      'one',
      () => opened(),
      async (database) => {
        expect(registry.peek('one')).toEqual({ database, leases: 1 });
      },
    );
    expect(registry.peek('one')?.leases).toBe(0);
    await registry.close();
    expect(registry.peek('one')).toBeNull();
  });
});

describe('a file', () => {
  it('is the same by any path, and opened once in a process', async () => {
    await opened('one');
    const linked = join(directory, 'linked');
    symlinkSync(directory, linked);
    symlinkSync(join(directory, 'one.db'), join(directory, 'alias.db'));
    linkSync(join(directory, 'one.db'), join(directory, 'hard.db'));
    const places = [
      { directory: linked, file: 'one.db' },
      { directory: relative(process.cwd(), directory), file: 'one.db' },
      { directory, file: 'alias.db' },
      { directory: join(directory, 'linked', '..', 'linked'), file: 'one.db' },
    ];
    const key = await duckDbKey({ directory, file: 'one.db' });
    for (const place of places) expect(await duckDbKey(place)).toBe(key);
    for (const place of [...places, { directory, file: 'hard.db' }]) {
      await expect(openDuckDb(place, { create: false })).rejects.toBeInstanceOf(DatabaseOpenTwice);
    }
  });

  it('is not created when it must be there', async () => {
    await expect(openDuckDb({ directory, file: 'gone.db' }, { create: false })).rejects.toBeInstanceOf(DatabaseMissing);
    expect(readdirSync(directory)).toEqual([]);
    await expect(openDuckDb({ directory, file: '../x.db' }, { create: true })).rejects.toThrow(TypeError);
  });

  it('is for its owner alone to read, and leaves no other file behind when it is closed', async () => {
    const database = await opened('one');
    await database.append({ notes: someNotes(1000) });
    expect(statSync(join(directory, 'one.db')).mode & 0o777).toBe(0o600);
    await database.close();
    expect(readdirSync(directory)).toEqual(['one.db']);
  });

  it('keeps no log after a migration', async () => {
    expect((await (await opened()).size()).walBytes).toBe(0);
  });

  it('that is not a database, is cut off, or lies beside a foreign log is refused with its reason', async () => {
    writeFileSync(join(directory, 'text.db'), 'this is not a database'.repeat(1000));
    await expect(opened('text')).rejects.toBeInstanceOf(DatabaseCorrupt);
    const database = await opened('one');
    await database.append({ notes: someNotes(20_000) });
    await database.close();
    truncateSync(join(directory, 'one.db'), 9_000);
    await expect(opened('one')).rejects.toBeInstanceOf(DatabaseCorrupt);
    writeFileSync(join(directory, 'orphan.db.wal'), 'log');
    await expect(opened('orphan')).rejects.toBeInstanceOf(DatabaseCorrupt);
    expect(existsSync(join(directory, 'orphan.db'))).toBe(false);
    expect(readdirSync(directory).sort()).toEqual(['one.db', 'orphan.db.wal', 'text.db']);
  });

  it('that another process holds is refused with its pid after the wait, unharmed, and opened when it is let go', async () => {
    const database = await opened('held');
    await database.append({ notes: someNotes(10) });
    await database.close();
    mkdirSync(join(directory, 'held.db.tmp'));
    const script = `
      import { DuckDBInstance } from '@duckdb/node-api';
      const instance = await DuckDBInstance.create(process.argv[1]);
      const connection = await instance.connect();
      process.stdout.write('held');
      process.stdin.on('end', () => { connection.closeSync(); instance.closeSync(); }).resume();`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script, join(directory, 'held.db')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {},
    });
    await once(holder.stdout, 'data');
    const before = statSync(join(directory, 'held.db')).mtimeMs;
    const refused = opened('held', { heldTimeoutMs: 300, heldRetries: 2 });
    await expect(refused).rejects.toMatchObject({ constructor: DatabaseHeld, holderPid: holder.pid });
    expect(statSync(join(directory, 'held.db')).mtimeMs).toBe(before);
    expect(existsSync(join(directory, 'held.db.tmp'))).toBe(true);
    const waiting = opened('held', { heldTimeoutMs: 20_000, heldRetries: 100 });
    holder.stdin.end();
    expect(await countNotes(await waiting)).toBe(10);
  });
});

describe('a fatal error', () => {
  /** Rows of a megabyte, which the engine has to hold by the thousand, in 16 MB: appends until it gives up. @returns how many were acknowledged. */
  async function exhaust(database: Database<NoteTables>): Promise<number> {
    for (let count = 0; count < 100; count++) {
      try {
        await database.append({ notes: [{ id: count, body: 'x'.repeat(1024 * 1024), sent_at: null, tags: null }] });
      } catch (error) {
        expect(error).toBeInstanceOf(DatabaseBroken);
        return count;
      }
    }
    throw new Error('The engine held a hundred megabytes in sixteen.');
  }

  it('ends with a database that is reopened for the next caller; the others never notice, and what was acknowledged is there', async () => {
    const registry = new DatabaseRegistry<Database<NoteTables>>({ maxOpen: 4 });
    const lend = async <T>(name: string, fn: (database: Database<NoteTables>) => Promise<T>, memoryLimitMb = 256): Promise<T> =>
      registry.lend(await harness.key(name), () => opened(name, { memoryLimitMb }), fn);
    await lend('fine', (database) => database.append({ notes: someNotes(10) }));
    const acknowledged = await lend('broken', exhaust, 16);
    expect(acknowledged).toBeGreaterThan(5);
    expect(await lend('fine', countNotes)).toBe(10);
    expect(await lend('broken', countNotes)).toBe(acknowledged);
    await registry.close();
  });

  it('that comes to light when nobody holds the database any more does not lock it for good', async () => {
    const registry = new DatabaseRegistry<Database<NoteTables>>({ maxOpen: 4 });
    const lend = async <T>(fn: (database: Database<NoteTables>) => Promise<T>, memoryLimitMb = 256): Promise<T> =>
      registry.lend(await harness.key('one'), () => opened('one', { memoryLimitMb }), fn);
    const late: Promise<number>[] = [];
    await lend(async (database) => {
      late.push(exhaust(database));
    }, 16);
    const [acknowledged] = await Promise.all(late);
    expect(await lend(countNotes)).toBe(acknowledged);
    await registry.close();
  });

  it('leaves nothing open of a file that could not be opened', async () => {
    mkdirSync(join(directory, 'folder.db'));
    await expect(opened('folder')).rejects.toThrow();
    rmSync(join(directory, 'folder.db'), { recursive: true });
    expect(await countNotes(await opened('folder'))).toBe(0);
  });
});
