import { describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { ConstraintViolated, StatementFailed } from '../errors.js';
import { countNotes, someNotes, type OpenNotes } from './harness.js';

export function writerRules(open: OpenNotes): void {
  describe('writers', () => {
    it('do not disturb each other: two read-modify-write transactions at once lose nothing', async () => {
      const database = await open();
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
      const database = await open();
      const results = await Promise.allSettled([
        ...Array.from({ length: 20 }, (_, index) => database.append({ notes: someNotes(5, index * 10) })),
        database.append({ notes: [{ id: 1000 }, { id: 0 }] }),
        database.append({ notes: [{ body: 'without an id' }] }),
      ]);
      expect(results.map((result) => result.status)).toEqual([...Array<string>(20).fill('fulfilled'), 'rejected', 'rejected']);
      for (const result of results.slice(20)) expect(result).toMatchObject({ reason: expect.any(ConstraintViolated) });
      expect(await countNotes(database)).toBe(100);
    });

    it('leave nothing of an aborted transaction, and the database usable', async () => {
      const database = await open();
      const failed = database.transact(async (tx, insert) => {
        await insert({ notes: someNotes(3) });
        await tx.insertInto('notes').values({ id: 0, body: null, sent_at: null, tags: null }).execute();
      });
      await expect(failed).rejects.toBeInstanceOf(ConstraintViolated);
      await expect(database.transact(async () => Promise.reject(new Error('of my own')))).rejects.toThrow('of my own');
      expect(await countNotes(database)).toBe(0);
      await database.append({ notes: someNotes(3) });
      expect(await countNotes(database)).toBe(3);
    });

    it('are refused for what they did, whatever the values say that the engine quotes in its message', async () => {
      const database = await open();
      const words = [
        'has been invalidated',
        'No space left on device',
        'FATAL Error: x',
        'Permission denied',
        'Could not set lock on file',
      ];
      for (const word of words) {
        await expect(database.read((db) => sql`select cast(${word} as uuid)`.execute(db))).rejects.toBeInstanceOf(StatementFailed);
        expect(database.healthy).toBe(true);
      }
      await database.transact((tx) => sql`create table words (word varchar primary key)`.execute(tx));
      for (const word of words) {
        const twice = database.transact((tx) => sql`insert into words values (${word}), (${word})`.execute(tx));
        await expect(twice).rejects.toBeInstanceOf(ConstraintViolated);
      }
      expect(database.healthy).toBe(true);
    });

    it('are not seen by a reader before they commit, and a reader keeps its snapshot', async () => {
      const database = await open();
      await database.append({ notes: someNotes(1) });
      const seen = await database.read(async (db) => {
        const before = (await db.selectFrom('notes').selectAll().execute()).length;
        await database.append({ notes: someNotes(9, 1) });
        return [before, (await db.selectFrom('notes').selectAll().execute()).length];
      });
      expect(seen).toEqual([1, 1]);
      const during = await database.transact(async (tx, insert) => {
        await insert({ notes: someNotes(5, 100) });
        return [await countNotes(database), (await tx.selectFrom('notes').selectAll().execute()).length];
      });
      expect(during).toEqual([10, 15]);
      expect(await countNotes(database)).toBe(15);
    });

    it('are served in the order of their coming, appends and transactions alike', async () => {
      const database = await open();
      const order: string[] = [];
      await Promise.all([
        database.append({ notes: someNotes(1) }).then(() => order.push('append 1')),
        database.transact(async (tx) => {
          order.push(`transaction sees ${(await tx.selectFrom('notes').selectAll().execute()).length}`);
        }),
        database.append({ notes: someNotes(1, 1) }).then(() => order.push('append 2')),
      ]);
      expect(order).toEqual(['append 1', 'transaction sees 1', 'append 2']);
    });
  });
}
