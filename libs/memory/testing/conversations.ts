import { describe, expect, it } from '@jest/globals';
import { Conflict, InvalidInput, NotFound, uuidv7 } from '#core';
import type { MemoryStore } from '../memory-store.js';
import type { MessageDraft } from '../message-writer.js';
import { answered, exchangeOf, intended } from './events.js';
import { planned, turns, type OpenMemory } from './harness.js';

export function conversationRules(open: OpenMemory): void {
  const add = (store: MemoryStore, id: string, roles: string) => store.transact(({ messages }) => messages.add(id, turns(roles)));
  const valuesOf = async (store: MemoryStore, id: string) =>
    (await store.read(({ messages }) => messages.list({ conversationId: id }, 1_000))).map((row) => row.original_value);
  const sequencesOf = async (store: MemoryStore, id: string) =>
    (await store.read(({ messages }) => messages.list({ conversationId: id }, 1_000))).map((row) => row.sequence);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  describe('its conversations', () => {
    it('refuse an empty message, none at all, and what is no id', async () => {
      const store = await open();
      const id = uuidv7();
      const refused: [string, MessageDraft[]][] = [
        [id, []],
        [id, [...turns('u'), { role: 'user', originalValue: '' }]],
        [id, [{ role: 'user', originalValue: 'x', convertedValue: '' }]],
        ['', turns('u')],
        ['not an id', turns('u')],
        [id.toUpperCase(), turns('u')],
        [`{${id}}`, turns('u')],
      ];
      for (const [conversationId, drafts] of refused) {
        await expect(store.transact(({ messages }) => messages.add(conversationId, drafts))).rejects.toBeInstanceOf(InvalidInput);
      }
      expect((await store.read((memory) => memory.stats())).messages).toBe(0);
      // The text before conversion may be empty: some converters make something of nothing.
      await store.transact(({ messages }) => messages.add(id, [{ role: 'user', originalValue: '', convertedValue: 'x' }]));
      expect(await sequencesOf(store, id)).toEqual([0]);
    });

    it('stand together in a list, in order, however they were written', async () => {
      const store = await open();
      const ids = [uuidv7(), uuidv7(), uuidv7()];
      for (const id of [...ids.toReversed(), ...ids]) await add(store, id, 'ua');
      const list = await store.read(({ messages }) => messages.list({}, 100));
      expect(list.map((row) => [row.conversation_id, row.sequence])).toEqual(ids.flatMap((id) => upTo(4).map((n) => [id, n])));
    });

    it('know the newest of those whose ids grow with time', async () => {
      const store = await open();
      const newest = () => store.read(({ messages }) => messages.newestConversation());
      expect(await newest()).toBeNull();
      await add(store, 'ffffffff-0000-4000-8000-000000000001', 'u');
      expect(await newest()).toBeNull();
      const ids = [uuidv7(), uuidv7()] as const;
      await add(store, ids[1], 'u');
      await add(store, ids[0], 'u');
      expect(await newest()).toBe(ids[1]);
    });

    it('are copied with new ids, in order, each copy another, and remember what they are copies of', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const exchange = exchangeOf(plan.at(0));
      await store.append([answered(intended(plan.at(0)), exchange)], plan.context);
      await add(store, exchange.conversationId, 'ua');
      const copies = await store.transact(async ({ messages }) => [
        await messages.duplicate(exchange.conversationId),
        await messages.duplicate(exchange.conversationId),
      ]);
      const ofCopy = await store.transact(({ messages }) => messages.duplicate(copies[0] ?? ''));
      const originals = await store.read(({ messages }) => messages.conversation(exchange.conversationId));
      const ids = new Set(originals.map((row) => row.id));
      for (const id of [...copies, ofCopy]) {
        const rows = await store.read(({ messages }) => messages.conversation(id));
        const changed = { id: expect.any(String), conversation_id: id, execution_id: null, item_id: null };
        expect(rows).toEqual(originals.map((row) => ({ ...row, ...changed, original_prompt_id: row.id })));
        for (const row of rows) expect(ids.has(row.id)).toBe(false);
        for (const row of rows) ids.add(row.id);
      }
      expect(ids.size).toBe(16);
      expect(new Set([exchange.conversationId, ...copies, ofCopy]).size).toBe(4);
      expect(await store.read((memory) => memory.stats())).toMatchObject({ conversations: 4, messages: 16 });
      // A copy is nobody's answer, and goes its own way.
      expect(await store.read(({ messages }) => messages.list({ executionId: plan.executionId }, 100))).toHaveLength(2);
      await add(store, ofCopy, 'u');
      expect(await sequencesOf(store, ofCopy)).toEqual(upTo(5));
      expect(await sequencesOf(store, exchange.conversationId)).toEqual(upTo(4));
    });

    it.each([
      ['uaua', 'ua'],
      ['uau', 'ua'],
      ['ua', ''],
      ['u', ''],
      ['sua', 's'],
      ['suau', 'sua'],
    ])('that are %s are copied without the last turn as "%s"', async (roles, left) => {
      const store = await open();
      const id = uuidv7();
      await add(store, id, roles);
      const copy = await store.transact(({ messages }) => messages.duplicate(id, true));
      expect(await valuesOf(store, copy)).toEqual(turns(left).map((draft) => draft.originalValue));
      expect(await valuesOf(store, id)).toHaveLength(roles.length);
      // An empty copy can be continued as well.
      const [next] = await add(store, copy, 'u');
      expect(next?.sequence).toBe(left.length);
    });

    it('that are not there can not be copied or deleted', async () => {
      const store = await open();
      const id = uuidv7();
      const missing = { constructor: NotFound, noun: 'conversation', id };
      await expect(store.transact(({ messages }) => messages.duplicate(id))).rejects.toMatchObject(missing);
      await expect(store.transact(({ messages }) => messages.deleteConversation(id))).rejects.toMatchObject(missing);
    });

    it('are deleted alone, not before their copies, and can begin again', async () => {
      const store = await open();
      const [one, two] = [uuidv7(), uuidv7()];
      await add(store, one, 'ua');
      await add(store, two, 'ua');
      const copy = await store.transact(({ messages }) => messages.duplicate(one));
      await expect(store.transact(({ messages }) => messages.deleteConversation(one))).rejects.toBeInstanceOf(Conflict);
      await store.transact(({ messages }) => messages.deleteConversation(copy));
      await store.transact(({ messages }) => messages.deleteConversation(one));
      expect(await store.read((memory) => memory.stats())).toMatchObject({ conversations: 1, messages: 2 });
      await add(store, one, 'u');
      await add(store, two, 'u');
      expect([await sequencesOf(store, one), await sequencesOf(store, two)]).toEqual([[0], [0, 1, 2]]);
    });
  });
}
