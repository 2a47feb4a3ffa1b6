import { describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { countNotes, pause, someNotes, type OpenNotes } from './harness.js';

export function readerRules(open: OpenNotes): void {
  describe('readers', () => {
    it('can not write', async () => {
      const database = await open();
      await expect(database.read((db) => sql`insert into notes (id) values (1)`.execute(db))).rejects.toThrow('refused');
      await expect(database.read((db) => sql`create table more (id integer)`.execute(db))).rejects.toThrow('refused');
      expect(await countNotes(database)).toBe(0);
    });

    it('wait for each other when there are many, and all are served', async () => {
      const database = await open();
      await database.append({ notes: someNotes(10) });
      const slowly = () =>
        database.read(async (db) => {
          await pause(2);
          return (await db.selectFrom('notes').selectAll().execute()).length;
        });
      expect(await Promise.all(Array.from({ length: 60 }, slowly))).toEqual(Array<number>(60).fill(10));
    });

    it('give their place to the next when they fail', async () => {
      const database = await open();
      const failing = Array.from({ length: 20 }, () => database.read((db) => sql`select nonsense`.execute(db)));
      const results = await Promise.allSettled(failing);
      expect(new Set(results.map((result) => result.status))).toEqual(new Set(['rejected']));
      expect(await countNotes(database)).toBe(0);
    });
  });
}
