import { describe, expect, it } from '@jest/globals';
import { uuidv7, type AttemptIntended, type Exchange } from '#core';
import type { AnswerFilter } from '../answers.js';
import type { MemoryStore } from '../memory-store.js';
import { answered, exchangeOf, intended } from './events.js';
import { planned, type OpenMemory, type Planned } from './harness.js';

/** The answers that can be scored. */
export function answerRules(open: OpenMemory): void {
  describe('its answers', () => {
    const exchange = async (
      store: MemoryStore,
      plan: Planned,
      changes: Partial<Exchange>,
      attempt: Partial<AttemptIntended> = {},
      blocked = false,
    ): Promise<Exchange> => {
      const begun = intended(plan.at(0), attempt);
      const sent = exchangeOf(plan.at(0), changes);
      await store.append([begun, answered(begun, sent, { blocked })], plan.context);
      return sent;
    };
    const list = async (store: MemoryStore, filter: AnswerFilter, limit = 100): Promise<string[]> =>
      store.read(async ({ answers }) => {
        const { count, until } = await answers.count(filter);
        if (until === null) return [];
        const found: string[] = [];
        for (let after: string | null = null; ;) {
          const page = await answers.list(filter, until, after, limit);
          found.push(...page.map(({ prompt }) => prompt));
          after = page.at(-1)?.id ?? null;
          if (page.length < limit) break;
        }
        expect(found).toHaveLength(count);
        return found;
      });

    it('are those of models under test, with what they answer; not copies, filters, what was made up, or what an attacker wrote', async () => {
      const store = await open();
      const [one, two] = [await planned(store, 1), await planned(store, 1)];
      const first = await exchange(store, one, {
        original: 'first',
        preceding: [
          { role: 'user', content: 'made up' },
          { role: 'assistant', content: 'made up, too' },
        ],
      });
      await exchange(store, one, { original: 'second', conversationId: first.conversationId }, { turn: 1 });
      await exchange(store, one, { original: 'written' }, { purpose: 'attacker' });
      await exchange(store, one, { original: 'filtered' }, {}, true);
      await exchange(store, two, { original: 'other' });
      await store.transact(async ({ messages }) => {
        await messages.duplicate(first.conversationId);
        await messages.add(uuidv7(), [
          { role: 'user', originalValue: 'by hand', labels: { hand: 'yes' } },
          { role: 'assistant', originalValue: 'answered by hand', labels: { hand: 'yes' } },
        ]);
      });
      expect(await list(store, {})).toEqual(['first', 'second', 'other', 'by hand']);
      expect(await list(store, {}, 1)).toEqual(['first', 'second', 'other', 'by hand']);
      expect(await list(store, { executionId: one.executionId })).toEqual(['first', 'second']);
      expect(await list(store, { executionId: one.executionId, conversationId: first.conversationId })).toEqual(['first', 'second']);
      expect(await list(store, { executionId: two.executionId, conversationId: first.conversationId })).toEqual([]);
      expect(await list(store, { labels: { operation: 'blue' } })).toEqual(['first', 'second', 'other']);
      expect(await list(store, { labels: { hand: 'yes' } })).toEqual(['by hand']);
      expect(await list(store, { sentAfter: '2026-06-01T00:00:00.000Z' })).toEqual(['by hand']);
      expect(await list(store, { sentBefore: '2026-06-01T00:00:00.000Z' })).toEqual(['first', 'second', 'other']);
      expect(await list(store, { executionId: uuidv7() })).toEqual([]);
    });

    it('come whole with the items that were planned to judge them, and those that are gone come without', async () => {
      const store = await open();
      const asked = await planned(store, 1);
      const long = 'ü'.repeat(50_000);
      const sent = await exchange(store, asked, { original: 'o', converted: 'c', response: long });
      const judging = await planned(store, 2);
      const gone = uuidv7();
      await store.transact(({ executions }) => executions.dropItems(judging.executionId));
      await store.appendRows({
        items: [sent.responseId, gone].map((id, position) => ({
          execution_id: judging.executionId,
          id: uuidv7(),
          position,
          prompt_id: id,
          value: 'o',
          chain: 0,
          repeat: 0,
          occurrence: 0,
        })),
      });
      const [there, lost] = await store.read(({ items }) => items.open(judging.executionId, -1, 10, true));
      expect(there?.stored).toEqual({ ...sent, blocked: false });
      expect(lost?.stored).toBeNull();
      const [unasked] = await store.read(({ items }) => items.open(judging.executionId, -1, 10));
      expect(unasked?.stored).toBeNull();
    });
  });
}
