import { describe, expect, it } from '@jest/globals';
import { uuidv7, type ExecutionState } from '#core';
import type { MemoryStore } from '../memory-store.js';
import { answered, exchangeOf, intended, scored, settled } from './events.js';
import { executionRow, planned, turns, type OpenMemory } from './harness.js';
import { campaign } from './import-campaigns.js';
import { decisionsOf, idOf, Source } from './import-rows.js';

const SOON = new Date(Date.now() + 86_400_000).toISOString();
const OLD = '2026-01-02T00:00:00.000Z';
const NOTHING = { executions: 0, conversations: 0, messages: 0 };
const ALL = { executionsBefore: SOON, conversationsBefore: SOON };

/** An execution of `count` prompts that has ended. @returns its id. */
async function ended(store: MemoryStore, count: number): Promise<string> {
  const { executionId, items, context } = await planned(store, count);
  const run = uuidv7();
  for (const item of items) {
    const attempt = intended(item);
    const answer = answered(attempt, exchangeOf(item));
    await store.append([attempt, answer, scored(answer, run, 'true'), settled(item.id, 'scored', run)], context);
  }
  await store.transact(({ executions }) => executions.setState(executionId, 'completed'));
  return executionId;
}

export function retentionRules(open: OpenMemory): void {
  describe('what has been kept for long enough', () => {
    it('is counted by when it ended or was last written, and removed with all that hangs on it', async () => {
      const store = await open();
      const executionId = await ended(store, 3);
      const [mine, other] = [uuidv7(), uuidv7()];
      await store.transact(({ messages }) => messages.add(mine, turns('uaua')));
      await store.transact(({ messages }) => messages.add(other, turns('ua')));
      const before = (limits: typeof ALL) => store.read(({ retention }) => retention.count(limits));
      expect(await before({ executionsBefore: OLD, conversationsBefore: OLD })).toEqual(NOTHING);
      expect(await before(ALL)).toEqual({ executions: 1, conversations: 2, messages: 12 });
      await store.read(async ({ retention }) => {
        expect(await retention.count({ executionsBefore: SOON, conversationsBefore: null })).toMatchObject({ executions: 1, messages: 6 });
        expect(await retention.executions(SOON, 10)).toEqual([executionId]);
        expect(await retention.executions(OLD, 10)).toEqual([]);
        expect(await retention.conversations(SOON, 1)).toHaveLength(1);
      });
      for (const left of [1, 1, 0]) expect(await store.transact(({ retention }) => retention.removeConversations(SOON, 1))).toBe(left);
      await store.transact(({ executions }) => executions.delete(executionId));
      expect(await before(ALL)).toEqual(NOTHING);
      expect(await store.read(({ stats }) => stats())).toMatchObject({ conversations: 0, messages: 0, scores: 0, executions: 0 });
      // The numbers of a conversation begin anew.
      const [first] = await store.transact(({ messages }) => messages.add(mine, turns('u')));
      expect(first?.sequence).toBe(0);
    });

    it.each<[ExecutionState, number]>([
      ['queued', 0],
      ['running', 0],
      ['paused', 0],
      ['completed', 1],
      ['cancelled', 1],
      ['failed', 1],
    ])('of executions that are %s is %d', async (state, count) => {
      const store = await open();
      await store.transact(({ executions }) => executions.create(executionRow({ state, finished_at: OLD })));
      expect(await store.read(({ retention }) => retention.count(ALL))).toEqual({ ...NOTHING, executions: count });
    });

    it('stays while stored answers are being scored', async () => {
      const store = await open();
      const executionId = await ended(store, 1);
      const scoring = executionRow({ state: 'paused', plan: { source: { kind: 'answers', filter: {}, count: 1, until: executionId } } });
      await store.transact(({ executions }) => executions.create(scoring));
      const expired = () => store.read(({ retention }) => retention.executions(SOON, 10));
      expect(await expired()).toEqual([]);
      await store.transact(({ executions }) => executions.setState(scoring.id, 'cancelled'));
      expect((await expired()).toSorted()).toEqual([executionId, scoring.id].toSorted());
    });

    it('stays where an import brought it, or a copy still refers to it', async () => {
      const store = await open();
      const rows = campaign(new Source('f1'.repeat(32)), 'e', {});
      await decisionsOf(store, rows);
      expect(await store.read(({ executions }) => executions.get(idOf('e')))).toMatchObject({ state: 'completed' });
      expect(await store.read(({ retention }) => retention.count(ALL))).toEqual(NOTHING);
      const original = uuidv7();
      await store.transact(({ messages }) => messages.add(original, turns('ua')));
      const copy = await store.transact(({ messages }) => messages.duplicate(original));
      expect(await store.read(({ retention }) => retention.conversations(SOON, 10))).toEqual([copy]);
      for (const left of [1, 1, 0]) expect(await store.transact(({ retention }) => retention.removeConversations(SOON, 10))).toBe(left);
    });
  });
}
