import { describe, expect, it } from '@jest/globals';
import type { Database } from '../database.js';
import { DatabaseRegistry } from '../database-registry.js';
import { DatabaseClosing, DatabaseInUse } from '../errors.js';
import { countNotes, pause, someNotes, type DatabaseHarness, type NoteTables, type OpenNotes } from './harness.js';

export function registryRules(open: OpenNotes, harness: DatabaseHarness): void {
  const registryOf = (maxOpen: number) => {
    const registry = new DatabaseRegistry<Database<NoteTables>>({ maxOpen });
    const lend = async <T>(name: string, fn: (database: Database<NoteTables>) => Promise<T>): Promise<T> =>
      registry.lend(await harness.key(name), () => open(name), fn);
    return { registry, lend };
  };

  describe('the registry', () => {
    it('opens a database once for 64 callers at the same moment', async () => {
      const { registry, lend } = registryOf(4);
      await Promise.all(Array.from({ length: 64 }, (_, id) => lend('one', (database) => database.append({ notes: [{ id }] }))));
      expect(registry.stats()).toMatchObject({ open: 1, opened: 1, inUse: 0 });
      expect(await lend('one', countNotes)).toBe(64);
      await registry.close();
    });

    it('evicts only what nobody holds, and loses nothing under load', async () => {
      const { registry, lend } = registryOf(3);
      const names = Array.from({ length: 9 }, (_, index) => `user-${index}`);
      const work = Array.from({ length: 12 }, (_, id) => names.map((name) => ({ name, id }))).flat();
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let job = work[next++]; job; job = work[next++]) {
          const { name, id } = job;
          await lend(name, async (database) => {
            await database.append({ notes: [{ id }] });
            await pause(2);
            expect(await countNotes(database)).toBeGreaterThan(0);
          });
        }
      };
      await Promise.all(Array.from({ length: 6 }, worker));
      for (const name of names) expect(await lend(name, countNotes)).toBe(12);
      const stats = registry.stats();
      expect(stats.evicted).toBeGreaterThan(6);
      expect(stats.open).toBeLessThanOrEqual(4);
      await registry.close();
    });

    it('keeps as many open as it may: one that is being closed is not counted against the others', async () => {
      const { registry, lend } = registryOf(2);
      for (const name of ['a', 'b', 'c']) await lend(name, (database) => database.append({ notes: someNotes(1) }));
      // The eviction of `a` is under way while these come and go.
      for (let round = 0; round < 5; round++) await Promise.all([lend('b', countNotes), lend('c', countNotes)]);
      expect([registry.isOpen(await harness.key('b')), registry.isOpen(await harness.key('c'))]).toEqual([true, true]);
      expect(registry.isOpen(await harness.key('a'))).toBe(false);
      expect(registry.stats().evicted).toBe(1);
      await registry.close();
    });

    it('lets go of a database on demand, but not of one that is held', async () => {
      const { registry, lend } = registryOf(2);
      const key = await harness.key('one');
      expect(await registry.release(key)).toBe(true);
      await lend('one', async (database) => {
        expect(await registry.release(key)).toBe(false);
        await database.append({ notes: someNotes(2) });
      });
      expect(await registry.release(key)).toBe(true);
      expect(registry.isOpen(key)).toBe(false);
      expect(await lend('one', countNotes)).toBe(2);
      await registry.close();
    });

    it('recalls a database that is lent: its holder is cut off, and the next caller has it opened anew', async () => {
      const { registry, lend } = registryOf(4);
      let wake = (): void => undefined;
      const asleep = new Promise<void>((resolve) => (wake = resolve));
      const holding = lend('one', async (database) => {
        await database.append({ notes: someNotes(3) });
        await asleep;
        await database.append({ notes: someNotes(1, 9) });
      });
      await lend('one', countNotes);
      const key = await harness.key('one');
      const [[openKey] = []] = registry.open();
      expect([openKey, registry.open().length]).toEqual([key, 1]);
      const recalled = registry.recall(key, 50);
      expect([registry.isOpen(key), registry.open()]).toEqual([false, []]);
      const next = lend('one', countNotes);
      await recalled;
      wake();
      await expect(holding).rejects.toBeInstanceOf(DatabaseClosing);
      expect(await next).toBe(3);
      expect(registry.stats()).toMatchObject({ open: 1, opened: 2, inUse: 0 });
      await registry.recall('unknown');
      await registry.close();
    });

    it('shuts a database: who comes waits until it is open to all again, and who holds it is waited for', async () => {
      const { registry, lend } = registryOf(4);
      const key = await harness.key('one');
      const goOn = Promise.withResolvers<void>();
      const holding = lend('one', async (database) => {
        await database.append({ notes: someNotes(3) });
        await goOn.promise;
      });
      await lend('one', countNotes);
      await expect(registry.whileClosed(key, 20, () => Promise.resolve())).rejects.toBeInstanceOf(DatabaseInUse);
      expect(await lend('one', countNotes)).toBe(3);
      const order: string[] = [];
      const shut = registry.whileClosed(key, 5_000, async () => {
        order.push('shut');
        expect([registry.isOpen(key), registry.open()]).toEqual([false, []]);
        const own = await open('one');
        await own.append({ notes: someNotes(1, 50) });
        await own.close();
        return order.push('opened again');
      });
      const next = lend('one', async (database) => {
        order.push('lent');
        return countNotes(database);
      });
      await expect(registry.whileClosed(key, 0, () => Promise.resolve())).rejects.toBeInstanceOf(DatabaseInUse);
      goOn.resolve();
      await holding;
      expect([await shut, await next]).toEqual([2, 4]);
      expect(order).toEqual(['shut', 'opened again', 'lent']);
      const failing = registry.whileClosed(key, 100, () => Promise.reject(new Error('not today')));
      await expect(failing).rejects.toThrow('not today');
      expect(await lend('one', countNotes)).toBe(4);
      const last = registry.whileClosed(key, 100, () => pause(20));
      await registry.close();
      await last;
      await expect(lend('one', countNotes)).rejects.toBeInstanceOf(DatabaseClosing);
    });

    it('keeps nothing of an open that failed', async () => {
      const { registry, lend } = registryOf(4);
      const refused = registry.lend(await harness.key('one'), () => Promise.reject(new Error('not today')), countNotes);
      await expect(refused).rejects.toThrow('not today');
      expect(registry.stats()).toMatchObject({ open: 0, opened: 0 });
      expect(await lend('one', countNotes)).toBe(0);
      await registry.close();
    });

    it('refuses new callers when it closes, and lets the present ones finish', async () => {
      const { registry, lend } = registryOf(4);
      const writing = lend('one', (database) => database.append({ notes: someNotes(500) }));
      await lend('two', countNotes);
      await Promise.all([writing, registry.close()]);
      await expect(lend('one', countNotes)).rejects.toBeInstanceOf(DatabaseClosing);
      expect(registry.stats().open).toBe(0);
      expect(await countNotes(await open('one'))).toBe(500);
    });
  });
}
