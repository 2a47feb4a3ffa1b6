import { describe, expect, it } from '@jest/globals';
import { sha256, uuidv7, type Exchange, type ExecutionEvent, type Item } from '#core';
import type { MemoryStore } from '../memory-store.js';
import type { MessageCursor } from '../messages.js';
import { answered, exchangeOf, intended, settled } from './events.js';
import { planned, type MemoryHarness, type OpenMemory } from './harness.js';

/** A text of about `length` units whose characters are of one, two, three and four bytes, so that every place is once in the middle of one. */
const long = (name: string, length: number): string => `${name} ${'aé☃😀"\\\n'.repeat(Math.ceil(length / 8))}`;

export function longTextRules(open: OpenMemory, harness: MemoryHarness): void {
  const beginAndEnd = (text: string | null | undefined): string => `${text?.length} ${sha256(text ?? '')}`;

  const exchangedEvents = (item: Item, exchange: Exchange): ExecutionEvent[] => {
    const intent = intended(item);
    return [intent, answered(intent, exchange)];
  };

  describe('its long texts', () => {
    it('come back whole, whatever their lengths, and wherever they are asked for', async () => {
      const store = await open();
      const lengths = [16_383, 16_384, 16_385, 32_768, 40_001, 200_000];
      const plan = await planned(store, lengths.length);
      const exchanges = plan.items.map((item, n) =>
        exchangeOf(item, {
          original: long(`original ${n}`, lengths[n] ?? 0),
          converted: long(n % 2 === 0 ? `original ${n}` : `converted ${n}`, lengths[n] ?? 0),
          response: long(`response ${n}`, lengths.at(-1 - n) ?? 0),
        }),
      );
      for (const [n, exchange] of exchanges.entries()) await store.append(exchangedEvents(plan.at(n), exchange), plan.context);
      const expected = exchanges.flatMap(({ original, converted, response }) => [
        [original, converted],
        [response, response],
      ]);
      await store.read(async ({ messages, items }) => {
        const listed = await messages.list({}, 100);
        expect(listed.map((row) => [row.original_value, row.converted_value])).toEqual(expected);
        expect(await messages.get(listed[3]?.id ?? '')).toEqual(listed[3]);
        expect(await messages.conversation(exchanges[5]?.conversationId ?? '')).toEqual(listed.slice(10));
        const beginnings = await messages.exchanged(listed.slice(10).map(({ id }) => id));
        const whole = new Map((await messages.whole(beginnings)).map((row) => [row.id, row]));
        expect(listed.slice(10)).toMatchObject(listed.slice(10).map(({ id }) => whole.get(id)));
        const taken = await items.open(plan.executionId, -1, 100);
        expect(taken.map(({ attempts }) => beginAndEnd(attempts[0]?.exchange?.response))).toEqual(
          exchanges.map(({ response }) => beginAndEnd(response)),
        );
      });
    });

    it('are as long in a copy, and nothing of them is left when they are deleted', async () => {
      const store = await open();
      const conversationId = uuidv7();
      const text = long('draft', 50_000);
      const [message] = await store.transact(({ messages }) => messages.add(conversationId, [{ role: 'user', originalValue: text }]));
      expect(message?.converted_value).toBe(text);
      const copyId = await store.transact(({ messages }) => messages.duplicate(conversationId));
      const plan = await planned(store, 1);
      await store.append([answered(intended(plan.at(0)), exchangeOf(plan.at(0), { response: text }))], plan.context);
      await store.append([settled(plan.at(0).id, 'answered', uuidv7())], plan.context);
      await store.transact(({ executions }) => executions.setState(plan.executionId, 'completed'));
      await store.close();
      expect(await countParts()).toBe(9);
      const again = await open();
      await again.transact(({ executions }) => executions.delete(plan.executionId));
      await again.transact(({ messages }) => messages.deleteConversation(copyId));
      expect((await again.read(({ messages }) => messages.get(message?.id ?? ''))).original_value).toBe(text);
      await again.transact(({ messages }) => messages.deleteConversation(conversationId));
      await again.close();
      expect(await countParts()).toBe(0);
    });

    it('of a megabyte each are written and paged: a page ends before it is too large to hold', async () => {
      const store = await open();
      const count = 40;
      const plan = await planned(store, count);
      const text = (n: number): string => `${n} ${'x'.repeat(1024 * 1024)}`;
      for (const [n, item] of plan.items.entries()) {
        await store.append(exchangedEvents(item, exchangeOf(item, { response: text(n) })), plan.context);
      }
      await store.checkpoint();
      const lengths: number[] = [];
      const seen = await everyMessage(store, (page) => lengths.push(page));
      expect(seen).toBe(count);
      expect(Math.max(...lengths)).toBeLessThan(10);
      let taken = 0;
      for (let after = -1; ;) {
        const from = after;
        const page = await store.read(({ items }) => items.open(plan.executionId, from, 500));
        if (page.length === 0) break;
        expect(page.length).toBeLessThan(10);
        for (const { item, attempts } of page) expect(attempts[0]?.exchange?.response === text(item.position)).toBe(true);
        taken += page.length;
        after = page.at(-1)?.item.position ?? after;
      }
      expect(taken).toBe(count);
      expect(store.healthy).toBe(true);
    }, 60_000);
  });

  async function countParts(): Promise<number> {
    const database = await harness.open('memory');
    const rows = await database.read((db) => db.selectFrom('long_texts').select('part').execute());
    await database.close();
    return rows.length;
  }

  async function everyMessage(store: MemoryStore, tell: (rows: number) => void): Promise<number> {
    let seen = 0;
    for (let after: MessageCursor | null = null; ;) {
      const { rows, more } = await store.read(({ messages }) => messages.page({ role: 'assistant' }, 500, after));
      tell(rows.length);
      for (const row of rows) expect(sha256(row.original_value)).toBe(row.original_value_sha256);
      seen += rows.length;
      const last = rows.at(-1);
      if (!more || !last) return seen;
      after = { conversationId: last.conversation_id, sequence: last.sequence };
    }
  }
}
