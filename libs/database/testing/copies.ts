import { describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { Conflict } from '#core';
import type { Database } from '../database.js';
import { ConstraintViolated, DatabaseClosing } from '../errors.js';
import { countNotes, pause, someNotes, type NoteTables, type OpenNotes } from './harness.js';

interface Pairs {
  pairs: { a: number; b: string; note: string | null };
}

const BODIES = ['', 'plain', '\ufeffmarked', 'nul \u0000 inside', '👩‍🚀 ß 漢', 'x'.repeat(100_000), '"; drop table notes; --', null];

/** All that is in a table, in the order of its keys. */
async function rowsOf(database: Database<NoteTables>, table: string, order: string): Promise<unknown[]> {
  return database.read(async (db) => (await sql`select * from ${sql.table(table)} order by ${sql.raw(order)}`.execute(db)).rows);
}

export function copyRules(open: OpenNotes, copyAt: (name: string) => Promise<string>): void {
  const withPairs = async (): Promise<Database<NoteTables & Pairs>> => {
    const database = await open();
    await database.transact((tx) =>
      sql`create table pairs (a integer not null, b varchar not null, note varchar, primary key (a, b), check (a >= 0))`.execute(tx),
    );
    await database.checkpoint();
    return database;
  };

  describe('a copy', () => {
    it('holds every row of every table, with its rules, whether it was folded in or not', async () => {
      const original = await withPairs();
      const notes = BODIES.map((body, id) => ({ id, body, sent_at: '2026-01-02T03:04:05.678Z', tags: { body, list: [1, null] } }));
      await original.append({ notes, pairs: [{ a: 1, b: 'x' }] });
      await original.checkpoint();
      await original.transact((tx) => tx.updateTable('notes').set({ body: 'changed' }).where('id', '=', 1).execute());
      await original.transact((tx) => tx.deleteFrom('notes').where('id', '=', 2).execute());
      await original.append({ notes: someNotes(5_000, 100), pairs: [{ a: 1, b: 'y', note: 'second' }] });
      expect(original.capabilities.copies).toBe(true);
      await original.copyTo(await copyAt('copy'));
      const copy = await open('copy');
      for (const [table, order] of [
        ['notes', 'id'],
        ['pairs', 'a, b'],
        ['schema_migrations', 'name'],
      ] as const) {
        const rows = await rowsOf(copy, table, order);
        expect(rows).toEqual(await rowsOf(original, table, order));
        expect(rows.length).toBe({ notes: 5_007, pairs: 2, schema_migrations: 1 }[table]);
      }
      const copied = copy as unknown as Database<NoteTables & Pairs>;
      await expect(copied.append({ pairs: [{ a: 1, b: 'x' }] })).rejects.toBeInstanceOf(ConstraintViolated);
      await expect(copied.append({ pairs: [{ a: -1, b: 'x' }] })).rejects.toBeInstanceOf(ConstraintViolated);
      await expect(copied.append({ notes: [{ body: 'no id' }] })).rejects.toBeInstanceOf(ConstraintViolated);
    });

    it('is of one moment, while others go on writing', async () => {
      const original = await withPairs();
      let written = 0;
      const enough = new AbortController();
      const writing = (async () => {
        for (; !enough.signal.aborted; written += 100) {
          const rows = Array.from({ length: 100 }, (_, index) => ({ a: written + index, b: 'x', note: 'y'.repeat(200) }));
          await original.append({ notes: someNotes(100, written), pairs: rows });
        }
      })();
      // Whoever lists all there is sees the half-made copy too, and holds on to it.
      const listing = (async () => {
        while (!enough.signal.aborted) {
          await original.read(async (db) => {
            await sql`select count(*) from information_schema.columns`.execute(db);
            await pause(40);
          });
        }
      })();
      const found: number[] = [];
      for (const name of ['first', 'second', 'third']) {
        const before = written;
        await original.copyTo(await copyAt(name));
        const copy = await open(name);
        const notes = await countNotes(copy);
        expect(await rowsOf(copy, 'pairs', 'a')).toHaveLength(notes);
        expect(notes).toBeGreaterThanOrEqual(before);
        expect(notes).toBeLessThanOrEqual(written + 100);
        expect(notes % 100).toBe(0);
        found.push(notes);
        await copy.close();
      }
      enough.abort();
      await Promise.all([writing, listing]);
      expect(found.toSorted((a, b) => a - b)).toEqual(found);
      expect(await countNotes(original as unknown as Database<NoteTables>)).toBe(written);
    });

    it('waits for the one before it, and never takes the place of something', async () => {
      const original = await open();
      await original.append({ notes: someNotes(3_000) });
      const places = [await copyAt('a'), await copyAt('b'), await copyAt('a'), await copyAt('c')];
      const made = await Promise.allSettled(places.map((place) => original.copyTo(place)));
      expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
      expect(made[2]).toMatchObject({ reason: { constructor: Conflict } });
      for (const name of ['a', 'b', 'c']) expect(await countNotes(await open(name))).toBe(3_000);
      await original.append({ notes: someNotes(1, 9_000) });
      expect(original.healthy).toBe(true);
    });

    it('is finished before its database closes, or cut off, and then there is none', async () => {
      const original = await open();
      for (let id = 0; id < 40_000; id += 5_000) await original.append({ notes: someNotes(5_000, id) });
      const copying = original.copyTo(await copyAt('whole'));
      await original.close();
      await copying;
      expect(await countNotes(await open('whole'))).toBe(40_000);
      await expect(original.copyTo(await copyAt('late'))).rejects.toBeInstanceOf(DatabaseClosing);

      const again = await open();
      // So many that not all of them can be made in whatever the pause becomes on a busy machine.
      const names = Array.from({ length: 8 }, (_, n) => `cut ${n}`);
      const places = await Promise.all(names.map((name) => copyAt(name)));
      const outcomes = Promise.allSettled(places.map((place) => again.copyTo(place)));
      await pause(5);
      await again.close(0);
      const ended = await outcomes;
      expect(ended.at(-1)?.status).toBe('rejected');
      for (const [n, outcome] of ended.entries()) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(DatabaseClosing);
        expect(await countNotes(await open(names[n]))).toBe(outcome.status === 'rejected' ? 0 : 40_000);
      }
    });
  });
}
