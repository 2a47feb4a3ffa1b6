import { describe, expect, it } from '@jest/globals';
import { promptId, uuidv7 } from '#core';
import type { MemoryReaders, MemoryStore } from '../memory-store.js';
import type { MessageCursor } from '../messages.js';
import { answered, exchangeOf, intended, scored } from './events.js';
import { executionRow, itemRows, planned, planOf, type OpenMemory } from './harness.js';

interface Paged {
  readonly noun: string;
  add(store: MemoryStore, id: string): Promise<unknown>;
  remove(store: MemoryStore, id: string): Promise<unknown>;
  list(memory: MemoryReaders, page: { limit: number; before: string | null }): Promise<readonly { readonly id: string }[]>;
}

const draft = { type: 'echo', parameters: {}, secrets: {} };
const dataset = {
  description: '',
  source: 'json',
  prompt_count: 0,
  duplicate_count: 0,
  content_hash: '',
  created_at: '2026-01-02T03:04:05.678Z',
};

/** What is listed newest first. */
const NEWEST_FIRST: readonly Paged[] = [
  {
    noun: 'generators',
    add: (store, id) => store.transact((memory) => memory.configurations('generators').create({ ...draft, name: id }, id)),
    remove: (store, id) => store.transact((memory) => memory.configurations('generators').delete(id, null)),
    list: (memory, page) => memory.configurations('generators').list(page),
  },
  {
    noun: 'datasets',
    add: (store, id) => store.transact(({ datasets }) => datasets.create({ ...dataset, id, name: id })),
    remove: (store, id) => store.transact(({ datasets }) => datasets.delete(id)),
    list: ({ datasets }, page) => datasets.list(page),
  },
  {
    noun: 'executions',
    add: (store, id) => store.transact(({ executions }) => executions.create(executionRow({ id, state: 'completed' }))),
    remove: (store, id) => store.transact(({ executions }) => executions.delete(id)),
    list: ({ executions }, page) => executions.list(page),
  },
];

export function pagingRules(open: OpenMemory): void {
  describe('its pages', () => {
    it.each(NEWEST_FIRST)('of $noun are disjoint and complete, whatever is added and deleted meanwhile', async ({ add, remove, list }) => {
      const store = await open();
      const ids = Array.from({ length: 20 }, () => uuidv7());
      for (const id of ids) await add(store, id);
      const seen: string[] = [];
      const doomed = [ids[19], ids[12], ids[3]] as string[];
      for (let before: string | null = null; ;) {
        const page = await store.read((memory) => list(memory, { limit: 3, before }));
        const last = page.at(-1);
        if (!last) break;
        expect(page.length).toBeLessThanOrEqual(3);
        seen.push(...page.map((row) => row.id));
        before = last.id;
        // Something newer comes, something older or already seen goes.
        await add(store, uuidv7());
        const gone = doomed.shift();
        if (gone !== undefined) await remove(store, gone);
      }
      const unseen = ids.filter((id) => !seen.includes(id));
      expect(seen).toEqual(ids.filter((id) => !unseen.includes(id)).toReversed());
      // Only what was deleted before its page was read.
      expect(unseen).toEqual([ids[3], ids[12]]);
    });

    it('of scores are disjoint and complete while new ones come', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const answer = answered(intended(plan.at(0)), exchangeOf(plan.at(0)));
      const add = async (count: number) => {
        const events = Array.from({ length: count }, () => scored(answer, uuidv7(), 'true'));
        await store.append(events, plan.context);
        return events.map((event) => event.scoreId);
      };
      const ids = await add(20);
      const seen: string[] = [];
      for (let before: string | null = null; ;) {
        const page = await store.read(({ scores }) => scores.list({ executionId: plan.executionId }, 6, before));
        if (page.length === 0) break;
        seen.push(...page.map((row) => row.id));
        before = seen.at(-1) ?? null;
        await add(2);
      }
      expect(seen).toEqual(ids.toReversed());
    });

    it('of messages are disjoint and complete, within and across conversations, whatever comes and goes meanwhile', async () => {
      const store = await open();
      const conversations = Array.from({ length: 6 }, () => uuidv7());
      const add = (id: string, count: number) =>
        store.transact(({ messages }) =>
          messages.add(
            id,
            Array.from({ length: count }, (_, n) => ({ role: 'user' as const, originalValue: `${n}` })),
          ),
        );
      for (const [n, id] of conversations.entries()) await add(id, n + 1);
      const seen: MessageCursor[] = [];
      for (let after: MessageCursor | null = null; ;) {
        const { rows: page } = await store.read(({ messages }) => messages.page({ role: 'user' }, 4, after));
        const last = page.at(-1);
        if (!last) break;
        seen.push(...page.map((row) => ({ conversationId: row.conversation_id, sequence: row.sequence })));
        after = { conversationId: last.conversation_id, sequence: last.sequence };
        // The first page ends in the third conversation: the first goes, the last grows once.
        if (seen.length === 4) {
          await store.transact(({ messages }) => messages.deleteConversation(conversations[0] ?? ''));
          await add(conversations[5] ?? '', 1);
        }
      }
      expect(seen).toEqual(
        conversations.flatMap((conversationId, n) =>
          Array.from({ length: n === 5 ? 7 : n + 1 }, (_, sequence) => ({ conversationId, sequence })),
        ),
      );
    });

    it('of ten thousand rows are read as well as written', async () => {
      const store = await open();
      const count = 10_000;
      const executionId = uuidv7();
      const items = planOf(count);
      const datasetId = uuidv7();
      const prompts = items.map(({ position, value }) => ({
        dataset_id: datasetId,
        position,
        prompt_id: promptId(value),
        value,
        harm_categories: [],
        metadata: {},
      }));
      await store.appendRows({ items: itemRows(executionId, items), prompts });
      const journal = items.map((item) => {
        const intent = intended(item);
        return { intent, answer: answered(intent, exchangeOf(item)) };
      });
      const events = journal.flatMap(({ intent, answer }) => [intent, answer]);
      await store.append(events, { executionId, labels: {} });
      await store.read(async (memory) => {
        const [statuses, found, progress, messages] = [
          await memory.items.list(executionId, -1, count),
          await memory.datasets.prompts(datasetId, -1, count),
          await memory.items.open(executionId, -1, count),
          await memory.messages.list({ executionId }, 2 * count),
        ];
        expect(statuses.map((item) => item.id)).toEqual(items.map((item) => item.id));
        expect(found.map((prompt) => prompt.value)).toEqual(items.map((item) => item.value));
        expect(progress.map(({ attempts }) => attempts[0]?.exchange?.responseId)).toEqual(
          journal.map(({ answer }) => answer.exchange.responseId),
        );
        expect(messages).toHaveLength(2 * count);
      });
    });
  });
}
