import { describe, expect, it } from '@jest/globals';
import { NotFound, sha256, uuidv7 } from '#core';
import { ConstraintViolated } from '#database';
import type { MemoryStore } from '../memory-store.js';
import type { MessageFilter } from '../messages.js';
import { answered, exchangeOf, intended } from './events.js';
import { planned, type OpenMemory } from './harness.js';

export function messageRules(open: OpenMemory): void {
  const ask = (store: MemoryStore, filter: MessageFilter, limit = 1_000) => store.read(({ messages }) => messages.list(filter, limit));

  describe('its messages', () => {
    it('come back as they were written, and new ones have the id that scores will hang on', async () => {
      const store = await open();
      const [first, second] = await store.transact(({ messages }) =>
        messages.add(uuidv7(), [
          { role: 'system', originalValue: `be "kind" '\\ \ufeff☃🔑` },
          {
            role: 'user',
            originalValue: 'Hello',
            convertedValue: 'SGVsbG8=',
            labels: { operation: 'blue' },
            metadata: { n: 1, deep: [null] },
          },
        ]),
      );
      expect(first).toMatchObject({
        role: 'system',
        original_value: `be "kind" '\\ \ufeff☃🔑`,
        labels: {},
        metadata: {},
        execution_id: null,
      });
      expect(first?.converted_value).toBe(first?.original_value);
      expect(second).toMatchObject({ original_prompt_id: second?.id, response_error: 'none', data_type: 'text', item_id: null });
      await store.read(async ({ messages }) => {
        expect(await messages.conversation(first?.conversation_id ?? '')).toEqual([first, second]);
        expect(await messages.get(second?.id ?? '')).toEqual(second);
        expect(await messages.find(first?.id ?? '')).toEqual(first);
      });
    });

    it('carry the SHA-256 of both their texts', async () => {
      const store = await open();
      const hello = '185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969';
      const digest = '724c531a3bc130eb46fbc4600064779552682ef4f351976fe75d876d94e8088c';
      await store.transact(({ messages }) =>
        messages.add(uuidv7(), [
          { role: 'user', originalValue: 'Hello', convertedValue: 'Hello 1' },
          { role: 'assistant', originalValue: 'Hello' },
        ]),
      );
      const plan = await planned(store, 1);
      const exchange = exchangeOf(plan.at(0), { original: 'Hello 1', converted: 'Hello', response: 'Hello' });
      await store.append([answered(intended(plan.at(0)), exchange)], plan.context);
      const digests = (await ask(store, {})).map((row) => `${row.original_value_sha256} ${row.converted_value_sha256}`);
      expect(new Set(digests)).toEqual(new Set([`${hello} ${digest}`, `${hello} ${hello}`, `${digest} ${hello}`]));
      expect(await ask(store, { originalValueSha256: hello })).toHaveLength(3);
      expect(await ask(store, { convertedValueSha256: digest })).toMatchObject([{ role: 'user', converted_value: 'Hello 1' }]);
      expect(await ask(store, { originalValueSha256: hello, convertedValueSha256: digest })).toHaveLength(1);
      expect(await ask(store, { originalValueSha256: hello.toUpperCase() })).toEqual([]);
    });

    it('of an execution have its labels and their item, and a blocked answer says so', async () => {
      const store = await open();
      const plan = await planned(store, 2);
      const exchanges = plan.items.map((item) => exchangeOf(item));
      await store.append(
        plan.items.map((item, n) => answered(intended(item), exchanges[n] ?? exchangeOf(item), { blocked: n === 1 })),
        plan.context,
      );
      const found = await ask(store, { executionId: plan.executionId });
      expect(found).toMatchObject(
        exchanges.flatMap((exchange, n) => {
          const place = { conversation_id: exchange.conversationId, execution_id: plan.executionId, item_id: plan.at(n).id };
          const shared = { ...place, labels: { operation: 'blue' }, metadata: {}, data_type: 'text', sent_at: '2026-03-04T05:06:07.090Z' };
          return [
            {
              ...shared,
              id: exchange.requestId,
              sequence: 0,
              role: 'user',
              original_value: exchange.original,
              converted_value: exchange.converted,
            },
            {
              ...shared,
              id: exchange.responseId,
              sequence: 1,
              role: 'assistant',
              original_value: exchange.response,
              response_error: n === 1 ? 'blocked' : 'none',
              original_prompt_id: exchange.responseId,
            },
          ];
        }),
      );
      await store.read(async ({ messages }) => {
        const texts = await messages.whole(await messages.exchanged(found.slice(2).map(({ id }) => id)));
        expect(found.slice(2)).toMatchObject(found.slice(2).map(({ id }) => texts.find((row) => row.id === id)));
        expect(await messages.exchanged([])).toEqual([]);
        expect(await messages.exchanged([uuidv7()])).toEqual([]);
        expect(await messages.tails(exchanges.map((exchange) => exchange.conversationId))).toEqual(
          new Map(exchanges.map((exchange) => [exchange.conversationId, 1])),
        );
        expect(await messages.tails([])).toEqual(new Map());
      });
    });

    it('hold what models write: half a character, control characters, a megabyte; and a batch of nothing is nothing', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const texts = { original: 'cut \ud83d', converted: '\u0001\u007f\u2028\r\n', response: 'é"\\ud83d\n'.repeat(150_000) };
      const exchange = exchangeOf(plan.at(0), texts);
      await store.append([answered(intended(plan.at(0)), exchange)], plan.context);
      await store.append([], plan.context);
      const [request, response] = await store.read(({ messages }) => messages.conversation(exchange.conversationId));
      expect(request).toMatchObject({ original_value: 'cut \ufffd', converted_value: texts.converted });
      expect(request?.original_value_sha256).toBe(sha256('cut \ufffd'));
      expect(response?.converted_value === texts.response).toBe(true);
      expect(response?.converted_value_sha256).toBe(sha256(texts.response));
    });

    it('that are not there are absent, or an error that names them; no ids find nothing', async () => {
      const store = await open();
      await store.transact(({ messages }) => messages.add(uuidv7(), [{ role: 'user', originalValue: 'x' }]));
      const id = uuidv7();
      await store.read(async ({ messages }) => {
        expect(await messages.find(id)).toBeNull();
        await expect(messages.get(id)).rejects.toMatchObject({ constructor: NotFound, noun: 'message', id });
        await expect(messages.conversation(id)).rejects.toMatchObject({ constructor: NotFound, noun: 'conversation', id });
        expect(await messages.list({ ids: [] }, 10)).toEqual([]);
        expect(await messages.list({ ids: [id] }, 10)).toEqual([]);
        expect(await messages.list({}, 10)).toHaveLength(1);
      });
      await expect(store.transact(({ messages }) => messages.setLabels(id, {}))).rejects.toMatchObject({ constructor: NotFound, id });
    });

    it('are relabelled by conversation, that one only', async () => {
      const store = await open();
      const [one, two] = [uuidv7(), uuidv7()];
      for (const id of [one, two])
        await store.transact(({ messages }) =>
          messages.add(id, [
            { role: 'user', originalValue: 'a', labels: { old: 'x' } },
            { role: 'assistant', originalValue: 'b', labels: { old: 'y' } },
          ]),
        );
      await store.transact(({ messages }) => messages.setLabels(one, { new: 'z' }));
      expect((await ask(store, { conversationId: one })).map((row) => row.labels)).toEqual([{ new: 'z' }, { new: 'z' }]);
      expect((await ask(store, { conversationId: two })).map((row) => row.labels)).toEqual([{ old: 'x' }, { old: 'y' }]);
    });

    it('are found by more ids than one would type', async () => {
      const store = await open();
      const conversationId = uuidv7();
      const rows = await store.transact(({ messages }) =>
        messages.add(
          conversationId,
          Array.from({ length: 1_200 }, (_, n) => ({ role: 'user' as const, originalValue: `${n}` })),
        ),
      );
      const ids = rows.map((row) => row.id);
      for (const count of [499, 500, 501, 1_000]) {
        const found = await ask(store, { ids: [...ids.slice(0, count), ...ids.slice(0, 3), uuidv7()] }, 2_000);
        expect(found).toEqual(rows.slice(0, count));
      }
      expect(await ask(store, { ids: ids.slice(0, 1_000), role: 'assistant' })).toEqual([]);
    });

    it('can not share an id: the batch is refused whole, and the memory goes on', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const exchange = exchangeOf(plan.at(0));
      const once = () => store.append([intended(plan.at(0)), answered(intended(plan.at(0)), exchange)], plan.context);
      await once();
      await expect(once()).rejects.toBeInstanceOf(ConstraintViolated);
      const attempts = await store.read(({ items }) => items.attempts(plan.executionId, [plan.at(0).id]));
      expect(attempts.map((row) => row.phase)).toEqual(['intended', 'answered']);
      // The sequence has no gap where the refused batch would have been.
      await store.append(
        [answered(intended(plan.at(0)), exchangeOf(plan.at(0), { conversationId: exchange.conversationId }))],
        plan.context,
      );
      const sequences = (await ask(store, { conversationId: exchange.conversationId })).map((row) => row.sequence);
      expect(sequences).toEqual([0, 1, 2, 3]);
    });
  });
}
