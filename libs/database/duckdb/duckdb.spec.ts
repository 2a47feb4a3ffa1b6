import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { sql } from 'kysely';
import {
  ConstraintViolated,
  DatabaseBroken,
  DatabaseClosing,
  DatabaseCorrupt,
  DatabaseHeld,
  DatabaseMissing,
  DatabaseNewer,
  DatabaseOpenTwice,
  DatabaseRegistry,
  duckDbKey,
  migrate,
  openDuckDb,
  type Database,
  type Migrations,
} from '../index.js';

interface Tables {
  notes: { id: number; body: string | null; sent_at: string | null; tags: unknown };
}

const migrations: Migrations<Tables> = {
  '0001-notes': async (db) => {
    await sql`create table notes (id integer not null primary key, body varchar, sent_at timestamp, tags json)`.execute(db);
  },
};

let directory: string;
let open: Database<Tables>[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'database-'));
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((database) => database.close()));
  rmSync(directory, { recursive: true });
});

async function opened(file = 'one.db', options: Partial<Parameters<typeof openDuckDb>[1]> = {}): Promise<Database<Tables>> {
  const database = await openDuckDb<Tables>({ directory, file }, { create: true, ...options });
  open.push(database);
  await migrate(database, migrations, file);
  return database;
}

function count(database: Database<Tables>): Promise<number> {
  return database.read(async (db) => {
    const { n } = await db
      .selectFrom('notes')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return n;
  });
}

const range = (length: number, from = 0): { id: number; body: string }[] =>
  Array.from({ length }, (_, index) => ({ id: from + index, body: `note ${index}` }));

describe('rows', () => {
  it('come back as they went in, by either way of writing', async () => {
    const database = await opened();
    const note = {
      id: 1,
      body: 'naïve ☃ "quoted" \u0000?'.replace('\u0000', ''),
      sent_at: '2026-01-02T03:04:05.678Z',
      tags: { a: [1, 'x"y', null] },
    };
    await database.append({ notes: [note] });
    await database.transact(async (tx) =>
      tx
        .insertInto('notes')
        .values({ ...note, id: 2 })
        .execute(),
    );
    const rows = await database.read((db) => db.selectFrom('notes').selectAll().orderBy('id').execute());
    expect(rows).toEqual([note, { ...note, id: 2 }]);
  });

  it('are found by a moment given as text, and missing members are null', async () => {
    const database = await opened();
    await database.append({ notes: [{ id: 1, sent_at: '2026-01-02T03:04:05.678Z' }] });
    const found = await database.read((db) =>
      db.selectFrom('notes').selectAll().where('sent_at', '<=', '2026-01-02T03:04:05.678Z').execute(),
    );
    expect(found).toEqual([{ id: 1, body: null, sent_at: '2026-01-02T03:04:05.678Z', tags: null }]);
  });

  it('can be read in pages of 10,000 without holding up the event loop for the whole of it', async () => {
    const database = await opened();
    await database.append({ notes: range(25_000) });
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const seen = new Set<number>();
    for (let from = -1, size = 10_000; size === 10_000;) {
      const page = await database.read((db) =>
        db.selectFrom('notes').selectAll().where('id', '>', from).orderBy('id').limit(10_000).execute(),
      );
      for (const { id } of page) seen.add(id);
      from = page.at(-1)?.id ?? from;
      size = page.length;
    }
    clearInterval(ticking);
    expect(seen.size).toBe(25_000);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('writers', () => {
  it('do not disturb each other: two read-modify-write transactions at once lose nothing', async () => {
    const database = await opened();
    await database.append({ notes: [{ id: 0, body: '0' }] });
    const increment = () =>
      database.transact(async (tx) => {
        const { body } = await tx.selectFrom('notes').select('body').where('id', '=', 0).executeTakeFirstOrThrow();
        await tx
          .updateTable('notes')
          .set({ body: String(Number(body) + 1) })
          .where('id', '=', 0)
          .execute();
      });
    await Promise.all(Array.from({ length: 40 }, increment));
    const [row] = await database.read((db) => db.selectFrom('notes').select('body').execute());
    expect(row?.body).toBe('40');
  });

  it('are committed together, and only the one that breaks a rule is refused', async () => {
    const database = await opened();
    const results = await Promise.allSettled([
      ...Array.from({ length: 20 }, (_, index) => database.append({ notes: range(5, index * 10) })),
      database.append({ notes: [{ id: 1000 }, { id: 0 }] }),
    ]);
    expect(results.filter((result) => result.status === 'rejected')).toHaveLength(1);
    expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: expect.any(ConstraintViolated) });
    expect(await count(database)).toBe(100);
  });

  it('leave nothing of an aborted transaction, and the database usable', async () => {
    const database = await opened();
    const failed = database.transact(async (tx, insert) => {
      await insert({ notes: range(3) });
      await tx.insertInto('notes').values({ id: 0, body: null, sent_at: null, tags: null }).execute();
    });
    await expect(failed).rejects.toBeInstanceOf(ConstraintViolated);
    await expect(database.transact(async () => Promise.reject(new Error('of my own')))).rejects.toThrow('of my own');
    expect(await count(database)).toBe(0);
    await database.append({ notes: range(3) });
    expect(await count(database)).toBe(3);
  });

  it('are not seen by a reader before they commit, and a reader keeps its snapshot', async () => {
    const database = await opened();
    await database.append({ notes: range(1) });
    const seen = await database.read(async (db) => {
      const before = (await db.selectFrom('notes').selectAll().execute()).length;
      await database.append({ notes: range(9, 1) });
      return [before, (await db.selectFrom('notes').selectAll().execute()).length];
    });
    expect(seen).toEqual([1, 1]);
    const during = await database.transact(async (_tx, insert) => {
      await insert({ notes: range(5, 100) });
      return count(database);
    });
    expect(during).toBe(10);
    expect(await count(database)).toBe(15);
  });

  it('take rows of several megabytes', async () => {
    const database = await opened();
    const body = 'x'.repeat(3_000_000);
    await Promise.all([1, 2, 3].map((id) => database.append({ notes: [{ id, body }] })));
    const lengths = await database.read((db) =>
      db
        .selectFrom('notes')
        .select(sql<number>`length(body)`.as('n'))
        .execute(),
    );
    expect(lengths.map((row) => row.n)).toEqual([3_000_000, 3_000_000, 3_000_000]);
  });
});

describe('readers', () => {
  it('can not write', async () => {
    const database = await opened();
    await expect(database.read((db) => sql`insert into notes (id) values (1)`.execute(db))).rejects.toThrow('refused');
    expect(await count(database)).toBe(0);
  });

  it('reach nothing but their own file, and no setting', async () => {
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

describe('a file', () => {
  it('is the same by any path, and opened once in a process', async () => {
    await opened('one.db');
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

  it('leaves no other file behind when it is closed', async () => {
    const database = await opened('one.db');
    await database.append({ notes: range(1000) });
    await database.close();
    expect(readdirSync(directory)).toEqual(['one.db']);
  });

  it('that is not a database, is cut off, or lies beside a foreign log is refused with its reason', async () => {
    writeFileSync(join(directory, 'text.db'), 'this is not a database'.repeat(1000));
    await expect(opened('text.db')).rejects.toBeInstanceOf(DatabaseCorrupt);
    const database = await opened('one.db');
    await database.append({ notes: range(20_000) });
    await database.close();
    truncateSync(join(directory, 'one.db'), 9_000);
    await expect(opened('one.db')).rejects.toBeInstanceOf(DatabaseCorrupt);
    writeFileSync(join(directory, 'orphan.db.wal'), 'log');
    await expect(opened('orphan.db')).rejects.toBeInstanceOf(DatabaseCorrupt);
    expect(existsSync(join(directory, 'orphan.db'))).toBe(false);
  });

  it('that another process holds is refused with its pid after the wait, unharmed, and opened when it is let go', async () => {
    const database = await opened('held.db');
    await database.append({ notes: range(10) });
    await database.close();
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
    const refused = opened('held.db', { heldTimeoutMs: 300, heldRetries: 2 });
    await expect(refused).rejects.toMatchObject({ constructor: DatabaseHeld, holderPid: holder.pid });
    expect(statSync(join(directory, 'held.db')).mtimeMs).toBe(before);
    const waiting = opened('held.db', { heldTimeoutMs: 20_000, heldRetries: 100 });
    holder.stdin.end();
    expect(await count(await waiting)).toBe(10);
  });
});

describe('closing', () => {
  it('cuts off a running query and tells its caller', async () => {
    const database = await opened();
    const running = database.read((db) =>
      sql`select count(*) from range(200000) a, range(200000) b where a.range + b.range = 3`.execute(db),
    );
    const outcome = running.catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await database.close(100);
    expect(await outcome).toBeInstanceOf(DatabaseClosing);
    await expect(database.append({ notes: range(1) })).rejects.toBeInstanceOf(DatabaseClosing);
  });

  it('lets queued writes finish first', async () => {
    const database = await opened();
    const writes = Promise.all(Array.from({ length: 30 }, (_, index) => database.append({ notes: range(10, index * 10) })));
    await database.close();
    await writes;
    expect(await count(await opened())).toBe(300);
  });
});

describe('the registry', () => {
  const registryOf = (maxOpen: number) => {
    const registry = new DatabaseRegistry<Database<Tables>>({ maxOpen });
    const lend = async <T>(file: string, fn: (database: Database<Tables>) => Promise<T>): Promise<T> =>
      registry.lend(await duckDbKey({ directory, file }), () => opened(file), fn);
    return { registry, lend };
  };

  it('opens a file once for 64 callers at the same moment', async () => {
    const { registry, lend } = registryOf(4);
    await Promise.all(Array.from({ length: 64 }, (_, id) => lend('one.db', (database) => database.append({ notes: [{ id }] }))));
    expect(registry.stats()).toMatchObject({ open: 1, opened: 1, inUse: 0 });
    expect(await lend('one.db', count)).toBe(64);
    await registry.close();
  });

  it('evicts only what nobody holds, and loses nothing under load', async () => {
    const { registry, lend } = registryOf(3);
    const files = Array.from({ length: 9 }, (_, index) => `user-${index}.db`);
    const work = files
      .flatMap((file) => Array.from({ length: 12 }, (_, id) => ({ file, id })))
      .sort((a, b) => a.id * 7 + a.file.length - (b.id * 7 + b.file.length));
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let job = work[next++]; job; job = work[next++]) {
        const { file, id } = job;
        await lend(file, async (database) => {
          await database.append({ notes: [{ id }] });
          await new Promise((resolve) => setTimeout(resolve, 2));
          expect(await count(database)).toBeGreaterThan(0);
        });
      }
    };
    await Promise.all(Array.from({ length: 6 }, worker));
    for (const file of files) expect(await lend(file, count)).toBe(12);
    const stats = registry.stats();
    expect(stats.evicted).toBeGreaterThan(6);
    expect(stats.open).toBeLessThanOrEqual(4);
    await registry.close();
  });

  it('reopens a database after a fatal error; the others never notice', async () => {
    const { registry, lend } = registryOf(4);
    await lend('broken.db', (database) => database.append({ notes: range(20_000) }));
    await lend('fine.db', (database) => database.append({ notes: range(10) }));
    await registry.release(await duckDbKey({ directory, file: 'broken.db' }));
    const path = join(directory, 'broken.db');
    copyFileSync(path, join(directory, 'copy'));
    const fatal = lend('broken.db', async (database) => {
      await database.append({ notes: range(10, 50_000) });
      truncateSync(path, 20_000);
      await database.checkpoint();
    });
    await expect(fatal).rejects.toBeInstanceOf(DatabaseBroken);
    expect(await lend('fine.db', count)).toBe(10);
    await expect(lend('broken.db', count)).rejects.toBeInstanceOf(DatabaseCorrupt);
    rmSync(`${path}.wal`, { force: true });
    copyFileSync(join(directory, 'copy'), path);
    expect(await lend('broken.db', count)).toBe(20_000);
    await registry.close();
  });

  it('keeps nothing of an open that failed', async () => {
    const { registry, lend } = registryOf(4);
    mkdirSync(join(directory, 'folder.db'));
    await expect(lend('folder.db', count)).rejects.toThrow();
    expect(registry.stats().open).toBe(0);
    rmSync(join(directory, 'folder.db'), { recursive: true });
    expect(await lend('folder.db', count)).toBe(0);
    await registry.close();
    await expect(lend('folder.db', count)).rejects.toBeInstanceOf(DatabaseClosing);
  });
});

describe('migrations', () => {
  it('run once each, in order, and survive reopening', async () => {
    const ran: string[] = [];
    const steps = Object.fromEntries(['0002-b', '0010-c'].map((name) => [name, async () => void ran.push(name)]));
    const database = await opened();
    expect(await migrate(database, { ...migrations, ...steps }, 'one.db')).toEqual(['0002-b', '0010-c']);
    expect(await migrate(database, { ...migrations, ...steps }, 'one.db')).toEqual([]);
    expect(ran).toEqual(['0002-b', '0010-c']);
    expect((await database.size()).walBytes).toBe(0);
    await expect(migrate(database, migrations, 'one.db')).rejects.toBeInstanceOf(DatabaseNewer);
  });

  it('leave nothing of a step that failed', async () => {
    const database = await opened();
    const failing: Migrations<Tables> = {
      ...migrations,
      '0002-fails': async (db) => {
        await sql`create table half (id integer)`.execute(db);
        throw new Error('half-way');
      },
    };
    await expect(migrate(database, failing, 'one.db')).rejects.toThrow('half-way');
    expect(
      await migrate(
        database,
        { ...migrations, '0002-fails': async (db) => void (await sql`create table half (id integer)`.execute(db)) },
        'one.db',
      ),
    ).toEqual(['0002-fails']);
  });
});
