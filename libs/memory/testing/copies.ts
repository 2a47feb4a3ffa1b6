import { describe, expect, it } from '@jest/globals';
import { Conflict, uuidv7 } from '#core';
import { MemoryStore } from '../memory-store.js';
import { answered, exchangeOf, intended, scored, settled } from './events.js';
import { ada, planned, type MemoryHarness } from './harness.js';
import { contentOf } from './import-rows.js';

/** Copies of a memory, for an engine that makes them. */
export function copyRules(harness: MemoryHarness): void {
  describe('a copy of it', () => {
    it('is the same memory of the same person, row by row, and goes on by itself', async () => {
      const database = await harness.open('memory');
      const store = await MemoryStore.open(database, 'memory', ada, true);
      const { place } = await harness.elsewhere('copy');
      const plan = await planned(store, 40);
      const run = uuidv7();
      for (const item of plan.items.slice(0, 20)) {
        const answer = answered(intended(item), exchangeOf(item));
        await store.append([answer, scored(answer, run, 'true'), settled(item.id, 'scored', run)], plan.context);
      }
      await store.copyTo(place);
      const before = await contentOf(database);
      await store.append([settled(plan.at(20).id, 'skipped', run)], plan.context);
      expect(await store.displaced()).toBe(null);

      const copied = await harness.open('copy');
      const copy = await MemoryStore.open(copied, 'copy', ada, false);
      expect(await contentOf(copied)).toEqual(before);
      expect(before['messages']).toHaveLength(40);
      expect(await copy.read(({ items }) => items.coverage(plan.executionId))).toMatchObject({ planned: 40, scored: 20, open: 20 });
      await copy.append([settled(plan.at(20).id, 'skipped', run)], plan.context);
      await expect(store.copyTo(place)).rejects.toBeInstanceOf(Conflict);
    });
  });
}
