import { describe, expect, it } from '@jest/globals';
import { DatabaseClosing } from '../errors.js';
import { countNotes, pause, someNotes, type DatabaseHarness, type OpenNotes } from './harness.js';

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => error,
  );

export function closingRules(open: OpenNotes, { slowQuery }: DatabaseHarness): void {
  describe('closing', () => {
    it('lets queued writes and readers finish', async () => {
      const database = await open();
      const reading = database.read(async (db) => {
        const before = await db.selectFrom('notes').selectAll().execute();
        await pause(60);
        return [before.length, (await db.selectFrom('notes').selectAll().execute()).length];
      });
      await pause(20);
      const writes = Promise.all(Array.from({ length: 30 }, (_, index) => database.append({ notes: someNotes(10, index * 10) })));
      await database.close();
      await writes;
      expect(await reading).toEqual([0, 0]);
      expect(await countNotes(await open())).toBe(300);
    });

    it('cuts off a query that runs too long and tells its caller, and nothing comes after it', async () => {
      const database = await open();
      const running = reasonOf(database.read((db) => slowQuery.execute(db)));
      const writing = reasonOf(database.transact((tx) => slowQuery.execute(tx)));
      const queued = reasonOf(database.append({ notes: someNotes(1) }));
      await pause(50);
      await database.close(100);
      for (const outcome of [running, writing, queued]) expect(await outcome).toBeInstanceOf(DatabaseClosing);
      expect(await reasonOf(database.append({ notes: someNotes(1) }))).toBeInstanceOf(DatabaseClosing);
      expect(await reasonOf(countNotes(database))).toBeInstanceOf(DatabaseClosing);
      expect(await countNotes(await open())).toBe(0);
    });

    it('does not wait for ever for a callback that asks nothing of the database, and leaves nothing of its transaction', async () => {
      const database = await open();
      let wake = (): void => undefined;
      const asleep = new Promise<void>((resolve) => (wake = resolve));
      const writing = reasonOf(
        database.transact(async (tx, insert) => {
          await insert({ notes: someNotes(5) });
          await asleep;
          await tx.selectFrom('notes').selectAll().execute();
        }),
      );
      const reading = reasonOf(
        database.read(async (db) => {
          await asleep;
          await db.selectFrom('notes').selectAll().execute();
        }),
      );
      const queued = reasonOf(database.append({ notes: someNotes(1, 10) }));
      await pause(30);
      await database.close(50);
      expect(await queued).toBeInstanceOf(DatabaseClosing);
      wake();
      expect(await writing).toBeInstanceOf(DatabaseClosing);
      expect(await reading).toBeInstanceOf(DatabaseClosing);
      expect(await countNotes(await open())).toBe(0);
    });

    it('is done once, however often it is asked for', async () => {
      const database = await open();
      await database.append({ notes: someNotes(3) });
      await Promise.all([database.close(), database.close(), database.close()]);
      await database.close();
      expect(await countNotes(await open())).toBe(3);
    });
  });
}
