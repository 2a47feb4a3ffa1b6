import { describe, expect, it } from '@jest/globals';
import { NotFound, uuidv7 } from '#core';
import { MemoryStore } from '../memory-store.js';
import { answered, exchangeOf, intended } from './events.js';
import { ada, planned, turns, type MemoryHarness, type OpenMemory } from './harness.js';
import { withSlowReads } from './slow-reads.js';

export function sequenceRules(open: OpenMemory, harness: MemoryHarness): void {
  const add = (store: MemoryStore, id: string, roles: string) => store.transact(({ messages }) => messages.add(id, turns(roles)));
  const sequencesOf = async (store: MemoryStore, id: string) =>
    (await store.read(({ messages }) => messages.list({ conversationId: id }, 1_000))).map((row) => row.sequence);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  describe('the messages of its conversations', () => {
    it('are numbered from 0 by the memory, by whichever way and from wherever they are continued', async () => {
      const store = await open();
      const id = uuidv7();
      const plan = await planned(store, 1);
      const exchange = () => answered(intended(plan.at(0)), exchangeOf(plan.at(0), { conversationId: id }));
      expect((await add(store, id, 'su')).map((row) => row.sequence)).toEqual([0, 1]);
      await store.append([exchange(), exchange()], plan.context);
      expect((await add(store, id, 'u')).map((row) => row.sequence)).toEqual([6]);
      await store.close();
      const again = await open();
      await again.append([exchange()], plan.context);
      expect((await add(again, id, 'a')).map((row) => row.sequence)).toEqual([9]);
      await again.close();
      const third = await open();
      await third.transact(async ({ messages }) => {
        await messages.add(id, turns('u'));
        await messages.add(id, turns('a'));
      });
      expect(await sequencesOf(third, id)).toEqual(upTo(12));
    });

    it.each(['fresh', 'of another kind of id'])(
      'that are %s are numbered without a gap or a double by many writers at once',
      async (kind) => {
        const store = await open();
        const id = kind === 'fresh' ? uuidv7() : 'ffffffff-0000-4000-8000-000000000001';
        const plan = await planned(store, 1);
        const writers = upTo(30).map((n) =>
          n % 3 === 0
            ? add(store, id, 'u')
            : store.append([answered(intended(plan.at(0)), exchangeOf(plan.at(0), { conversationId: id }))], plan.context),
        );
        await Promise.all(writers);
        const rows = await store.read(({ messages }) => messages.conversation(id));
        expect(rows.map((row) => row.sequence)).toEqual(upTo(50));
        // An answer stands behind its question.
        for (const [n, row] of rows.entries())
          if (row.role === 'assistant') expect(rows[n - 1]).toMatchObject({ item_id: row.item_id, role: 'user' });
      },
    );

    it('are continued without a gap after a write that failed', async () => {
      const store = await open();
      const id = uuidv7();
      const failing = store.transact(async ({ messages }) => {
        await messages.add(id, turns('ua'));
        throw new Error('on purpose');
      });
      await expect(failing).rejects.toThrow('on purpose');
      await expect(store.read(({ messages }) => messages.conversation(id))).rejects.toBeInstanceOf(NotFound);
      await add(store, id, 'ua');
      expect(await sequencesOf(store, id)).toEqual([0, 1]);
    });

    it('never give a number twice, whichever of many writes at once fail', async () => {
      const store = await open();
      const ids = [uuidv7(), '00000000-0000-4000-8000-000000000002'];
      const plan = await planned(store, 1);
      const results = await Promise.allSettled(
        upTo(60).map((n) => {
          const id = ids[n % 2] ?? '';
          if (n % 5 === 0)
            return store.transact(async ({ messages }) => {
              await messages.add(id, turns('u'));
              throw new Error('on purpose');
            });
          if (n % 3 === 0) return add(store, id, 'u');
          return store.append([answered(intended(plan.at(0)), exchangeOf(plan.at(0), { conversationId: id }))], plan.context);
        }),
      );
      expect(results.filter((result) => result.status === 'rejected')).toHaveLength(12);
      for (const id of ids) {
        const sequences = await sequencesOf(store, id);
        expect(sequences).toHaveLength(40);
        expect(new Set(sequences).size).toBe(40);
        // The next one follows the last.
        const [next] = await add(store, id, 'u');
        expect(next?.sequence).toBe(Math.max(...sequences) + 1);
      }
    });

    it('never give a number twice, though what was read of them is out of date', async () => {
      let gate = async (): Promise<void> => undefined;
      const database = withSlowReads(await harness.open('memory'), () => gate());
      const store = await MemoryStore.open(database, 'memory', ada, true);
      const plan = await planned(store, 1);
      const append = (id: string) =>
        store.append([answered(intended(plan.at(0)), exchangeOf(plan.at(0), { conversationId: id }))], plan.context);
      await append(uuidv7());
      const id = 'ffffffff-0000-4000-8000-000000000003';
      const [read, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      gate = () => {
        read.resolve();
        return released.promise;
      };
      // It reads that the conversation is not there, while somebody begins it, and somebody else fails at it.
      const late = append(id);
      await read.promise;
      await add(store, id, 'u');
      const failing = store.transact(async ({ messages }) => {
        await messages.add(id, turns('u'));
        throw new Error('on purpose');
      });
      await expect(failing).rejects.toThrow('on purpose');
      released.resolve();
      await late;
      expect(await sequencesOf(store, id)).toEqual([0, 1, 2]);
    });
  });
}
