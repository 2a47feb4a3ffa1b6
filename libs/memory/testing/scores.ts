import { describe, expect, it } from '@jest/globals';
import { NotFound, uuidv7, type ScoreValue } from '#core';
import { ConstraintViolated } from '#database';
import { answered, exchangeOf, intended, refusal, scored, type Answered } from './events.js';
import { planned, type OpenMemory } from './harness.js';

const verdict: ScoreValue = {
  type: 'float_scale',
  value: '0.25',
  category: 'harm "x"',
  rationale: `it's\n☃`,
  metadata: { deep: [1, { a: null }] },
};
const human = { id: null, name: 'a person', type: 'human', version: '1' };

export function scoreRules(open: OpenMemory): void {
  /** A memory with one answered item. */
  async function withAnswer() {
    const store = await open();
    const plan = await planned(store, 1);
    const answer = answered(intended(plan.at(0)), exchangeOf(plan.at(0)));
    await store.append([answer], plan.context);
    const append = (...events: Parameters<typeof store.append>[0]) => store.append(events, plan.context);
    return { store, plan, append, answer };
  }

  /** A copy of an answer's conversation: its id, and the copied answer's. */
  async function copied(store: Awaited<ReturnType<OpenMemory>>, conversationId: string) {
    const id = await store.transact(({ messages }) => messages.duplicate(conversationId));
    const rows = await store.read(({ messages }) => messages.conversation(id));
    return { id, messageId: rows.at(-1)?.id ?? '' };
  }

  const place = ({ exchange, itemId }: Answered, executionId: string) => ({
    message_id: exchange.responseId,
    execution_id: executionId,
    item_id: itemId,
  });

  describe('its scores', () => {
    it('come back as they were written, by a scorer or by a person', async () => {
      const { store, plan, append, answer } = await withAnswer();
      const run = uuidv7();
      const event = scored(answer, run, '', { score: verdict });
      await append(event);
      const row = await store.transact(({ scores }) =>
        scores.add(answer.exchange.responseId, { ...verdict, category: null, metadata: null }, human),
      );
      const shared = { ...place(answer, plan.executionId), score_type: 'float_scale', value: '0.25', rationale: verdict.rationale };
      const listed = await store.read(({ scores }) => scores.list({}, 10));
      expect(listed).toEqual([
        row,
        {
          ...shared,
          id: event.scoreId,
          scoring_run_id: run,
          scorer_id: refusal.id,
          scorer_name: 'refusal',
          scorer_type: 'refusal-phrases',
          scorer_version: '1',
          category: verdict.category,
          metadata: verdict.metadata,
          scored_at: '2026-03-04T05:06:07.092Z',
        },
      ]);
      expect(row).toMatchObject({ ...shared, scoring_run_id: null, scorer_id: null, scorer_type: 'human', category: null, metadata: null });
      await store.read(async ({ scores }) => {
        expect(await scores.ofItems(plan.executionId, [answer.itemId])).toEqual(listed.toReversed());
        expect(await scores.ofItems(plan.executionId, [])).toEqual([]);
        expect(await scores.ofItems(uuidv7(), [answer.itemId])).toEqual([]);
      });
    });

    it('hang on the original: copies show them, and counting copies counts none twice', async () => {
      const { store, plan, append, answer } = await withAnswer();
      const event = scored(answer, uuidv7(), 'true');
      await append(event);
      const copy = await copied(store, answer.exchange.conversationId);
      const ofCopy = await copied(store, copy.id);
      const of = (...messageIds: string[]) =>
        store.read(async ({ scores }) => (await scores.list({ messageIds }, 10)).map((score) => score.id));
      for (const id of [answer.exchange.responseId, copy.messageId, ofCopy.messageId]) expect(await of(id)).toEqual([event.scoreId]);
      expect(await of(answer.exchange.responseId, copy.messageId, ofCopy.messageId)).toEqual([event.scoreId]);
      const late = await store.transact(({ scores }) => scores.add(ofCopy.messageId, verdict, human));
      expect(late).toMatchObject(place(answer, plan.executionId));
      for (const id of [answer.exchange.responseId, copy.messageId]) expect(await of(id)).toEqual([late.id, event.scoreId]);
      expect(await of(answer.exchange.requestId)).toEqual([]);
      expect((await store.read((memory) => memory.stats())).scores).toBe(2);
    });

    it('go to a copy that outlived its original, and are shown by the other copies', async () => {
      const { store, plan, answer } = await withAnswer();
      const [one, two] = [await copied(store, answer.exchange.conversationId), await copied(store, answer.exchange.conversationId)];
      await store.transact(({ executions }) => executions.setState(plan.executionId, 'cancelled'));
      await store.transact(({ executions }) => executions.delete(plan.executionId));
      const score = await store.transact(({ scores }) => scores.add(one.messageId, verdict, human));
      expect(score).toMatchObject({ message_id: answer.exchange.responseId, execution_id: null, item_id: null });
      for (const { messageId } of [one, two])
        expect(await store.read(({ scores }) => scores.list({ messageIds: [messageId] }, 10))).toEqual([score]);
    });

    it('go with their conversation, when no copy shows them', async () => {
      const { store, append, answer } = await withAnswer();
      await append(scored(answer, uuidv7(), 'true'));
      const other = uuidv7();
      const [message] = await store.transact(({ messages }) => messages.add(other, [{ role: 'assistant', originalValue: 'x' }]));
      const kept = await store.transact(({ scores }) => scores.add(message?.id ?? '', verdict, human));
      const copy = await copied(store, answer.exchange.conversationId);
      await store.transact(({ messages }) => messages.deleteConversation(copy.id));
      expect((await store.read((memory) => memory.stats())).scores).toBe(2);
      await store.transact(({ messages }) => messages.deleteConversation(answer.exchange.conversationId));
      expect(await store.read(({ scores }) => scores.list({}, 10))).toEqual([kept]);
    });

    it('are listed newest first, by all that is asked for together; no ids find nothing', async () => {
      const { store, plan, append, answer } = await withAnswer();
      const events = [0, 1, 2].map((n) => scored(answer, uuidv7(), 'true', n === 1 ? { scorer: { ...refusal, type: 'likert' } } : {}));
      await append(...events);
      const ids = events.map((event) => event.scoreId);
      const executionId = plan.executionId;
      await store.read(async ({ scores }) => {
        const found = async (...args: Parameters<typeof scores.list>) => (await scores.list(...args)).map((score) => score.id);
        expect(await found({}, 10)).toEqual(ids.toReversed());
        expect(await found({}, 1)).toEqual(ids.slice(2));
        expect(await found({}, 10, ids[1])).toEqual(ids.slice(0, 1));
        expect(await found({ executionId }, 10)).toEqual(ids.toReversed());
        expect(await found({ executionId: uuidv7() }, 10)).toEqual([]);
        expect(await found({ executionId, scorerType: 'likert' }, 10)).toEqual([ids[1]]);
        expect(await found({ scorerType: `'; drop table scores; --` }, 10)).toEqual([]);
        expect(await found({ ids: ids.slice(0, 2), scorerType: 'likert' }, 10)).toEqual([ids[1]]);
        expect(await found({ ids: [ids[0] ?? '', uuidv7()] }, 10)).toEqual([ids[0]]);
        for (const filter of [{ ids: [] }, { messageIds: [] }, { messageIds: [uuidv7()] }, { ids, messageIds: [] }])
          expect(await found(filter, 10)).toEqual([]);
      });
    });

    it('are found for a thousand messages at once, each once', async () => {
      const store = await open();
      const plan = await planned(store, 1_000);
      const run = uuidv7();
      const answers = plan.items.map((item) => answered(intended(item), exchangeOf(item)));
      await store.append(
        answers.flatMap((answer) => [answer, scored(answer, run, 'true')]),
        plan.context,
      );
      const messageIds = answers.flatMap(({ exchange }) => [exchange.responseId, exchange.requestId]);
      await store.read(async ({ scores, messages, items }) => {
        const listed = await scores.list({ messageIds }, 5_000);
        expect(new Set(listed.map((score) => score.id)).size).toBe(1_000);
        expect(listed).toHaveLength(1_000);
        expect(await scores.list({ ids: listed.map((score) => score.id) }, 5_000)).toEqual(listed);
        const itemIds = plan.items.map((item) => item.id);
        expect(await scores.ofItems(plan.executionId, itemIds)).toHaveLength(1_000);
        expect(await messages.exchanged((await messages.list({}, 5_000)).map(({ id }) => id))).toHaveLength(2_000);
        expect(await items.attempts(plan.executionId, itemIds)).toHaveLength(1_000);
      });
    });

    it('of what is not there are refused, and so is a second one of the same id', async () => {
      const { store, append, answer } = await withAnswer();
      const id = uuidv7();
      await expect(store.transact(({ scores }) => scores.add(id, verdict, human))).rejects.toMatchObject({
        constructor: NotFound,
        noun: 'message',
        id,
      });
      const event = scored(answer, uuidv7(), 'true');
      await append(event);
      await expect(append(event)).rejects.toBeInstanceOf(ConstraintViolated);
      await append(scored(answer, uuidv7(), 'false'));
      expect((await store.read((memory) => memory.stats())).scores).toBe(2);
    });
  });
}
