import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Conflict } from '#core';
import { migrate, moveFile, removeDrafts, type Database } from '../index.js';
import { DuckDbHarness } from '../testing/duckdb-harness.js';
import { countNotes, noteMigrations, someNotes, type NoteTables } from '../testing/harness.js';

const harness = new DuckDbHarness();
let directory: string;

beforeEach(async () => {
  directory = await harness.directory();
});

afterEach(() => harness.cleanup());

const at = (name: string): string => join(directory, name);

async function opened(name = 'one'): Promise<Database<NoteTables>> {
  const database = await harness.open<NoteTables>(name);
  await migrate(database, noteMigrations, name);
  return database;
}

/** Rows that can't be compressed much. */
function wide(length: number, from: number): { id: number; body: string }[] {
  return someNotes(length, from).map(({ id }) => ({
    id,
    body: Buffer.from(crypto.getRandomValues(new Uint8Array(1_500))).toString('base64'),
  }));
}

describe('a copy', () => {
  it('is for its owner alone to read, and leaves nothing beside it', async () => {
    const database = await opened();
    await database.append({ notes: someNotes(3_000) });
    await database.copyTo(at('copy.db'));
    expect(statSync(at('copy.db')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).filter((file) => !/^one\.db(\.wal|\.tmp)?$/.test(file))).toEqual(['copy.db']);
  });

  it('is not there at all when there is no space for it, and its database goes on', async () => {
    const database = await opened();
    for (let id = 0; id < 2_000; id += 500) await database.append({ notes: wide(500, id) });
    await database.checkpoint();
    const { size } = statSync(at('one.db'));
    await database.close();
    const { stdout } = await limited(size / 2, at('one.db'), at('copy.db'));
    expect(JSON.parse(stdout)).toEqual({ outcome: 'DatabaseFull', healthy: true });
    expect(readdirSync(directory).filter((file) => !/^one\.db(\.wal)?$/.test(file))).toEqual([]);
    expect(await countNotes(await opened())).toBe(2_001);
  });

  it('that a crash cut off is taken back at the next start, and nothing else', async () => {
    const left = ['.copy-draft', '.copy-draft.wal', '.copy-draft.wal.checkpoint', '.new-8a1b0c7e-1111-4222-8333-444455556666'];
    for (const end of left) writeFileSync(at(`one.db${end}`), '');
    const others = ['one.copy', 'one.db', 'one.db.copy', 'one.db.copy-draft.txt', 'one.db.wal'];
    for (const file of others) writeFileSync(at(file), '');
    await removeDrafts(directory);
    expect(readdirSync(directory).sort()).toEqual(others);
  });

  it('is made anew over what is left of an earlier one', async () => {
    const database = await opened();
    await database.append({ notes: someNotes(10) });
    for (const end of ['', '.wal']) writeFileSync(at(`one.db.copy-draft${end}`), 'half');
    await database.copyTo(at('copy.db'));
    expect(await countNotes(await opened('copy'))).toBe(10);
  });
});

/** Copies in another process that may write no file beyond `bytes`. */
function limited(bytes: number, from: string, to: string): Promise<{ stdout: string }> {
  const script = join(import.meta.dirname, '..', 'testing', 'copier.ts');
  // What would kill the process becomes an error for it where the signal is ignored. The unit of the limit is 512 bytes.
  const command = `trap '' XFSZ; ulimit -f ${Math.ceil(bytes / 512)}; exec "$0" "$@"`;
  return promisify(execFile)('/bin/sh', ['-c', command, process.execPath, ...FLAGS, script, from, to], { env: {} });
}

/** Another process of Node has no compiler: it drops the types itself, and finds our sources where the imports name what is built of them. */
const SOURCES = `import { registerHooks } from 'node:module';
registerHooks({ resolve: (name, context, next) =>
  next(name.startsWith('.') && context.parentURL?.endsWith('.ts') ? name.replace(/\\.js$/, '.ts') : name, context) });`;

const FLAGS = [
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=source',
  `--import=data:text/javascript,${encodeURIComponent(SOURCES)}`,
];

describe('moving a file', () => {
  it('replaces nothing, and goes to another file system too', async () => {
    // Where there is memory with a file system in it, that is another one.
    const other = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'move-'));
    try {
      writeFileSync(at('from'), 'whole');
      writeFileSync(join(other, 'taken'), 'taken');
      await expect(moveFile(at('from'), join(other, 'taken'))).rejects.toBeInstanceOf(Conflict);
      expect(readFileSync(at('from'), 'utf8')).toBe('whole');
      await moveFile(at('from'), join(other, 'to'));
      expect(readFileSync(join(other, 'to'), 'utf8')).toBe('whole');
      expect(readFileSync(join(other, 'taken'), 'utf8')).toBe('taken');
      expect([readdirSync(directory), readdirSync(other).sort()]).toEqual([[], ['taken', 'to']]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});
