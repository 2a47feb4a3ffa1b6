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

    it('see what was written since, whatever they asked before', async () => {
      const database = await open();
      await database.append({ notes: someNotes(3_000) });
      await database.checkpoint();
      await database.close();
      const reopened = await open();
      const questions = [
        sql`select count(*) as answer from notes`,
        sql`select max(id) as answer from notes`,
        sql`select count(*) as answer from notes where id = 70000`,
        sql`select id as answer from notes where id > 60000 order by id`,
        sql`select exists (select 1 from notes where id >= 70000) as answer`,
        sql`select sum(n) as answer from (select id, count(*) as n from notes group by id)`,
        sql`select id as answer from notes order by id desc limit 2`,
      ];
      const ask = () =>
        reopened.read(async (db) => {
          const answers: unknown[] = [];
          for (const question of questions)
            answers.push((await question.execute(db)).rows.map((row) => Number((row as { answer: unknown }).answer)));
          return answers;
        });
      expect(await ask()).toEqual([[3_000], [2_999], [0], [], [0], [3_000], [2_999, 2_998]]);
      await reopened.append({ notes: someNotes(2, 70_000) });
      await reopened.transact((tx) => tx.deleteFrom('notes').where('id', '=', 1).execute());
      expect(await ask()).toEqual([[3_001], [70_001], [1], [70_000, 70_001], [1], [3_001], [70_001, 70_000]]);
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
