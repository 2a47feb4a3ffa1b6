import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import {
  DatabaseClosing,
  DatabaseMissing,
  isOpenDatabaseFile,
  migrate,
  type Database,
  type Displacement,
  type DuckDbOptions,
} from '../index.js';
import { DuckDbHarness } from '../testing/duckdb-harness.js';
import { countNotes, noteMigrations, someNotes, type NoteTables } from '../testing/harness.js';

const harness = new DuckDbHarness();
let directory: string;

beforeEach(async () => {
  directory = await harness.directory();
});

afterEach(() => harness.cleanup());

const at = (name: string): string => join(directory, name);
const rescued = (): string => at('rescued.db');

async function opened(name = 'one', options: Partial<DuckDbOptions> = {}): Promise<Database<NoteTables>> {
  const database = await harness.open<NoteTables>(name, options);
  await migrate(database, noteMigrations, name);
  return database;
}

/** A database with `folded` rows in its file and 50 only in its log. */
async function filled(folded = 4_000, name = 'one'): Promise<Database<NoteTables>> {
  const database = await opened(name);
  await database.append({ notes: someNotes(folded) });
  await database.checkpoint();
  await database.append({ notes: someNotes(50, 100_000) });
  return database;
}

/** A closed file with rows of somebody else, in as many checkpoints. */
async function foreign(rows: number, checkpoints: number): Promise<string> {
  const database = await opened('foreign');
  for (let turn = 0; turn < checkpoints; turn++) {
    await database.append({ notes: someNotes(rows, turn * rows) });
    await database.checkpoint();
  }
  await database.close();
  return at('foreign.db');
}

describe('what became of a file', () => {
  it('is nothing, however much is written, deleted and folded in', async () => {
    const database = await opened();
    for (let turn = 0; turn < 4; turn++) {
      await database.append({ notes: someNotes(3_000, turn * 3_000) });
      expect(await database.displaced()).toBe(null);
      for (let time = 0; time <= turn; time++) {
        await database.append({ notes: someNotes(1, 1_000_000 + turn * 10 + time) });
        await database.checkpoint();
      }
      expect(await database.displaced()).toBe(null);
    }
    const { size } = statSync(at('one.db'));
    await database.transact((tx) => tx.deleteFrom('notes').where('id', '>', 100).execute());
    for (let turn = 0; turn < 3; turn++) await database.checkpoint();
    expect(statSync(at('one.db')).size).toBeLessThan(size);
    expect(await database.displaced()).toBe(null);
    await database.close();
    const again = await opened();
    expect(await again.displaced()).toBe(null);
    expect(await countNotes(again)).toBe(101);
  });

  it('is told from its name, its place and what is in it', async () => {
    const ways: [string, Displacement, (path: string) => Promise<void> | void][] = [
      ['rm', 'deleted', (path) => rmSync(path)],
      ['mv away', 'deleted', (path) => renameSync(path, at('elsewhere.db'))],
      ['rm -r', 'deleted', () => rmSync(directory, { recursive: true })],
      ['mv over', 'replaced', async (path) => renameSync(await foreign(10, 1), path)],
      ['cp, smaller', 'overwritten', async (path) => copyFileSync(await foreign(10, 1), path)],
      ['cp, larger', 'overwritten', async (path) => copyFileSync(await foreign(9_000, 1), path)],
      ['cp, of more checkpoints', 'overwritten', async (path) => copyFileSync(await foreign(10, 40), path)],
      ['cp, of the same size and age', 'overwritten', async (path) => copyFileSync(await foreign(3_999, 1), path)],
      ['cp, an older one', 'overwritten', (path) => copyFileSync(at('older.db'), path)],
      ['truncate', 'overwritten', (path) => truncateSync(path, statSync(path).size - 16_384)],
      ['empty', 'overwritten', (path) => writeFileSync(path, '')],
    ];
    const found: [string, Displacement | null][] = [];
    for (const [name, , happen] of ways) {
      mkdirSync(directory, { recursive: true });
      const database = await filled();
      copyFileSync(at('one.db'), at('older.db'));
      await database.checkpoint();
      await database.append({ notes: someNotes(1, 200_000) });
      expect(await database.displaced()).toBe(null);
      await happen(at('one.db'));
      found.push([name, await database.displaced()]);
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    }
    expect(found).toEqual(ways.map(([name, displacement]) => [name, displacement]));
    mkdirSync(directory);
  });

  it('of another one is told although the two look alike from outside', async () => {
    await (await filled(3_000, 'mine')).close();
    const [mine, aside] = [await opened('mine'), readFileSync(at('mine.db'))];
    // Without a change, whatever time it bears, it is the same.
    writeFileSync(at('mine.db'), aside);
    expect(await mine.displaced()).toBe(null);
    // Of equal headers; but one block is another.
    aside.writeUInt8(aside.readUInt8(12_288 + 16_384) ^ 1, 12_288 + 16_384);
    writeFileSync(at('mine.db'), aside);
    expect(await mine.displaced()).toBe('overwritten');
    await mine.close();
    expect(readFileSync(at('mine.db')).equals(aside)).toBe(true);
  });

  it('is nothing when a transaction that writes much is undone, or cut off', async () => {
    const database = await opened();
    await database.append({ notes: someNotes(100) });
    const undone = database.transact(async (_tx, insert) => {
      await insert({ notes: someNotes(30_000, 1_000) });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await database.displaced()).toBe(null);
    let written = (): void => undefined;
    const hasWritten = new Promise<void>((resolve) => (written = resolve));
    const never = database.transact(async (tx) => {
      await sql`insert into notes (id, body) select i, repeat('x', 200) || i from range(200000, 260000) r(i)`.execute(tx);
      written();
      await new Promise(() => undefined);
    });
    never.catch(() => undefined);
    await hasWritten;
    await database.close(0, () => Promise.reject(new Error('There is nothing to rescue.')));
    expect(await countNotes(await opened())).toBe(100);
  });

  it('is asked of the process, which knows what it has open', async () => {
    const database = await opened();
    const { dev, ino } = statSync(at('one.db'), { bigint: true });
    expect(isOpenDatabaseFile(`${dev}:${ino}`)).toBe(true);
    expect(isOpenDatabaseFile(`${dev}:0`)).toBe(false);
    await database.close();
    expect(isOpenDatabaseFile(`${dev}:${ino}`)).toBe(false);
  });
});

describe('a database whose file is gone', () => {
  const ways: [string, (path: string) => Promise<void> | void][] = [
    ['deleted', (path) => rmSync(path)],
    ['deleted with its log', (path) => [path, `${path}.wal`].forEach((file) => rmSync(file))],
    ['deleted with its folder', () => rmSync(directory, { recursive: true })],
    ['replaced', async (path) => renameSync(await foreign(10, 1), path)],
  ];

  for (const [name, happen] of ways) {
    for (const folds of [false, true]) {
      it(`${name} is copied whole${folds ? ', after a checkpoint into nowhere' : ''}, rows of its log and later ones too`, async () => {
        const database = await filled();
        await happen(at('one.db'));
        mkdirSync(directory, { recursive: true });
        await database.append({ notes: someNotes(50, 200_000) });
        if (folds) await database.checkpoint();
        await database.append({ notes: someNotes(50, 300_000) });
        await database.copyTo(rescued());
        const copy = await opened('rescued');
        const all = await database.read((db) => db.selectFrom('notes').selectAll().orderBy('id').execute());
        expect(all).toHaveLength(4_150);
        expect(await copy.read((db) => db.selectFrom('notes').selectAll().orderBy('id').execute())).toEqual(all);
      });
    }
  }
});

describe('closing a database that has lost its place', () => {
  it('brings to safety what was queued too, and leaves nothing of its own', async () => {
    const database = await filled();
    rmSync(at('one.db'));
    const queued = Promise.all(Array.from({ length: 20 }, (_, turn) => database.append({ notes: someNotes(10, 500_000 + turn * 10) })));
    const told: Displacement[] = [];
    await database.close(10_000, async (displacement) => {
      told.push(displacement);
      return rescued();
    });
    await queued;
    expect(told).toEqual(['deleted']);
    expect(readdirSync(directory)).toEqual(['rescued.db']);
    expect(statSync(rescued()).mode & 0o777).toBe(0o600);
    await expect(opened('one', { create: false })).rejects.toBeInstanceOf(DatabaseMissing);
    expect(await countNotes(await opened('rescued'))).toBe(4_250);
  });

  it('writes nothing into what is in its place, and removes no log but its own', async () => {
    const other = await foreign(10, 1);
    const before = readFileSync(other);
    for (const place of ['mv', 'cp'] as const) {
      const database = await filled();
      if (place === 'cp') copyFileSync(other, at('one.db'));
      else {
        writeFileSync(at('draft'), before);
        renameSync(at('draft'), at('one.db'));
        writeFileSync(at('log'), 'the log of somebody else');
        renameSync(at('log'), at('one.db.wal'));
      }
      await database.append({ notes: someNotes(10, 600_000) });
      await database.close(10_000, async () => rescued());
      expect([place, readFileSync(at('one.db')).equals(before)]).toEqual([place, true]);
      expect(existsSync(at('one.db.wal'))).toBe(place === 'mv');
      const copy = await opened('rescued');
      expect(await countNotes(copy)).toBe(4_060);
      await copy.close();
      for (const file of ['one.db', 'one.db.wal', 'rescued.db']) rmSync(at(file), { force: true });
    }
  });

  it('touches nothing without a place for the copy, not even its log', async () => {
    const database = await filled();
    rmSync(at('one.db'));
    const log = readFileSync(at('one.db.wal'));
    await database.close();
    expect(readdirSync(directory)).toEqual(['one.db.wal']);
    expect(readFileSync(at('one.db.wal')).equals(log)).toBe(true);
  });

  it('can be tried again when the copy could not be made: all is still there, and nothing is written any more', async () => {
    const database = await filled();
    rmSync(at('one.db'));
    writeFileSync(rescued(), 'in the way');
    await expect(database.close(10_000, async () => rescued())).rejects.toThrow('move it away');
    await expect(database.close(10_000, () => Promise.reject(new Error('no place')))).rejects.toThrow('no place');
    await expect(database.append({ notes: someNotes(1, 700_000) })).rejects.toBeInstanceOf(DatabaseClosing);
    await expect(countNotes(database)).rejects.toBeInstanceOf(DatabaseClosing);
    await expect(database.copyTo(at('copy.db'))).rejects.toBeInstanceOf(DatabaseClosing);
    rmSync(rescued());
    await database.close(10_000, async () => rescued());
    expect(await countNotes(await opened('rescued'))).toBe(4_050);
  });

  it('needs no rescue where nothing happened', async () => {
    const database = await filled();
    await database.close(10_000, () => Promise.reject(new Error('There is nothing to rescue.')));
    expect(readdirSync(directory)).toEqual(['one.db']);
  });
});
