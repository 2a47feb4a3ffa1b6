import { describe, expect, it } from '@jest/globals';
import { Conflict, uuidv7, type ExecutionState } from '#core';
import type { MemoryWriters } from '../memory-store.js';
import type { ExecutionTable } from '../tables.js';
import { answered, exchangeOf, failed, intended, lost } from './events.js';
import { executionRow, planned, type OpenMemory } from './harness.js';

const STATES: readonly ExecutionState[] = ['queued', 'running', 'paused', 'completed', 'cancelled', 'failed'];

/** How executions go on, and what they may spend. */
export function lifecycleRules(open: OpenMemory): void {
  describe('its executions', () => {
    it('begin, pause and resume; those at an end do not, unless they have failed', async () => {
      const store = await open();
      const rows = STATES.map((state) => executionRow({ state, reason: 'why', max_requests: 5 }));
      for (const row of rows) await store.transact((memory) => memory.executions.create(row));
      const outcomes = async (what: (executions: MemoryWriters['executions'], id: string) => Promise<ExecutionTable>) => {
        const states: string[] = [];
        for (const { id } of rows) {
          const outcome = store.transact((memory) => what(memory.executions, id));
          states.push(
            await outcome.then(
              ({ state, reason }) => `${state} (${reason})`,
              (error: unknown) => (error as Error).name,
            ),
          );
        }
        return states;
      };
      const [ended, again] = [
        ['completed (why)', 'cancelled (why)'],
        ['Conflict', 'Conflict'],
      ];
      expect(STATES).toEqual(['queued', 'running', 'paused', 'completed', 'cancelled', 'failed']);
      expect(await outcomes((executions, id) => executions.begin(id))).toEqual([
        'running (null)',
        'running (null)',
        'paused (why)',
        ...ended,
        'failed (why)',
      ]);
      expect(await outcomes((executions, id) => executions.pause(id, 'by hand'))).toEqual([
        'paused (by hand)',
        'paused (by hand)',
        'paused (why)',
        ...again,
        'Conflict',
      ]);
      const limits = { max_requests: null, max_cost: 2.5 };
      expect(await outcomes((executions, id) => executions.resume(id, limits))).toEqual([
        'queued (null)',
        'queued (null)',
        'queued (null)',
        ...again,
        'queued (null)',
      ]);
      expect(await outcomes((executions, id) => executions.resume(id, {}))).toEqual([
        'queued (null)',
        'queued (null)',
        'queued (null)',
        ...again,
        'queued (null)',
      ]);
      const [first, , , completed] = await store.read(async ({ executions }) => Promise.all(rows.map(({ id }) => executions.get(id))));
      expect(first).toMatchObject({ max_requests: null, max_tokens: null, max_cost: 2.5, finished_at: null });
      expect(completed).toEqual(rows[3]);
    });

    it('that are paused go on when they are to be cancelled', async () => {
      const store = await open();
      const { id } = executionRow();
      await store.transact((memory) => memory.executions.create(executionRow({ id, state: 'paused' })));
      expect(await store.read(({ executions }) => executions.unfinished())).toEqual([]);
      await store.transact((memory) => memory.executions.requestCancel(id));
      expect(await store.read(({ executions }) => executions.unfinished())).toMatchObject([{ id }]);
      expect(await store.transact((memory) => memory.executions.begin(id))).toMatchObject({ state: 'running' });
    });

    it('say what of their plans must not be deleted, until they are at an end', async () => {
      const store = await open();
      const used = uuidv7();
      const row = executionRow({ state: 'paused', plan: { chains: [[{ id: used }]] } });
      await store.transact((memory) => memory.executions.create(row));
      const check = (id: string) => store.read(({ executions }) => executions.assertUnused(id));
      await expect(check(used)).rejects.toMatchObject({ constructor: Conflict, message: expect.stringContaining(row.id) });
      await check(uuidv7());
      await store.transact((memory) => memory.executions.setState(row.id, 'cancelled'));
      await check(used);
    });

    it('say what was spent on them, by purpose and branch; what was not sent does not count', async () => {
      const store = await open();
      const plan = await planned(store, 3);
      const usage = { inputTokens: 30, outputTokens: 4 };
      const [first, second, third] = plan.items.map((item) => intended(item));
      if (!first || !second || !third) throw new RangeError('The plan is too short.');
      const judge = { ...intended(plan.at(0)), purpose: 'judge' as const, branch: 2 };
      const retry = intended(plan.at(1));
      await store.append([first, second, third, judge, retry], plan.context);
      await store.append(
        [
          answered(first, exchangeOf(plan.at(0)), { usage }),
          failed(second),
          { ...failed(third), fault: 'not-sent' },
          { ...answered(judge, exchangeOf(plan.at(0)), { usage }), exchange: null },
          lost(retry),
        ],
        plan.context,
      );
      const spent = await store.read(({ items }) => items.spent([plan.executionId, uuidv7()]));
      expect(spent.toSorted((a, b) => a.branch - b.branch)).toEqual([
        { executionId: plan.executionId, purpose: 'target', branch: 0, requests: 3, inputTokens: 30, outputTokens: 4 },
        { executionId: plan.executionId, purpose: 'judge', branch: 2, requests: 1, inputTokens: 30, outputTokens: 4 },
      ]);
      expect(await store.read(({ items }) => items.spent([]))).toEqual([]);
    });
  });
}
