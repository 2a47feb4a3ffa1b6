import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { uuidv7 } from '#core';
import type { MemoryStore } from '../memory-store.js';
import type { MessageFilter } from '../messages.js';
import { answered, exchangeOf, intended } from './events.js';
import { planned, type OpenMemory } from './harness.js';
import { HOSTILE_NAMES } from './hostile-names.js';

/** Not every engine keeps NUL, and none half a character. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

function includes(labels: Readonly<Record<string, string>>, filter: Readonly<Record<string, string>>): boolean {
  return Object.entries(filter).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

export function messageFilterRules(open: OpenMemory): void {
  const ask = (store: MemoryStore, filter: MessageFilter, limit = 1_000) => store.read(({ messages }) => messages.list(filter, limit));

  describe('its messages, when they are looked for,', () => {
    it('are found by what they are, all that is asked for together', async () => {
      const store = await open();
      const plan = await planned(store, 1);
      const exchange = exchangeOf(plan.at(0));
      await store.append([answered(intended(plan.at(0)), exchange)], { ...plan.context, labels: { team: 'red', op: '1' } });
      const other = uuidv7();
      await store.transact(({ messages }) =>
        messages.add(other, [
          { role: 'user', originalValue: 'a', labels: { team: 'red' }, metadata: { n: 5, f: 1.5, yes: true, s: '5', deep: { n: 5 } } },
          { role: 'assistant', originalValue: 'b', labels: { team: 'blue', op: '1' }, metadata: { n: 6, yes: false } },
        ]),
      );
      const count = async (filter: MessageFilter): Promise<number> => (await ask(store, filter)).length;
      const cases: [MessageFilter, number][] = [
        [{}, 4],
        [{ role: 'user' }, 2],
        [{ role: 'system' }, 0],
        [{ conversationId: other }, 2],
        [{ conversationId: other, role: 'assistant' }, 1],
        [{ executionId: plan.executionId }, 2],
        [{ executionId: plan.executionId, conversationId: other }, 0],
        [{ ids: [exchange.requestId, exchange.responseId], role: 'assistant' }, 1],
        [{ labels: {} }, 4],
        [{ labels: { team: 'red' } }, 3],
        [{ labels: { team: 'red', op: '1' } }, 2],
        [{ labels: { team: 'red', op: '2' } }, 0],
        [{ labels: { team: 'red', nothing: '' } }, 0],
        [{ labels: { team: 'RED' } }, 0],
        [{ labels: { team: 'blue', op: '1' }, role: 'user' }, 0],
        [{ metadata: { n: 5 } }, 1],
        [{ metadata: { f: 1.5, yes: true } }, 1],
        [{ metadata: { yes: false } }, 1],
        [{ metadata: { n: 5, yes: false } }, 0],
        [{ metadata: { s: '5' }, labels: { team: 'red' } }, 1],
        [{ metadata: { 'deep.n': 5 } }, 0],
        [{ metadata: { 'deep/n': 5 } }, 0],
      ];
      for (const [filter, expected] of cases) expect([filter, await count(filter)]).toEqual([filter, expected]);
    });

    it('are found by moments, the ends included', async () => {
      const store = await open();
      const plan = await planned(store, 3);
      const at = Date.parse('2026-03-04T05:06:07.089Z');
      await store.append(
        plan.items.map((item) => answered(intended(item), exchangeOf(item), { at: at + item.position })),
        plan.context,
      );
      const moment = (offset: number): string => new Date(at + offset).toISOString();
      const count = async (from: number | null, to: number | null): Promise<number> => {
        const bounds = { ...(from === null ? {} : { sentAfter: moment(from) }), ...(to === null ? {} : { sentBefore: moment(to) }) };
        return (await ask(store, { ...bounds, role: 'user' })).length;
      };
      expect(
        await Promise.all([count(0, 2), count(1, 1), count(1, null), count(null, 1), count(3, null), count(null, -1), count(2, 1)]),
      ).toEqual([3, 1, 2, 2, 0, 0, 0]);
    });

    it('are found by labels and metadata whatever characters their keys and values are made of', async () => {
      const store = await open();
      const conversations = HOSTILE_NAMES.map(() => uuidv7());
      const valueOf = (n: number): string => HOSTILE_NAMES[HOSTILE_NAMES.length - 1 - n] ?? '';
      await store.transact(async ({ messages }) => {
        for (const [n, key] of HOSTILE_NAMES.entries()) {
          const pair = { [key]: valueOf(n) };
          await messages.add(conversations[n] ?? '', [{ role: 'user', originalValue: 'x', labels: pair, metadata: pair }]);
        }
      });
      for (const [n, key] of HOSTILE_NAMES.entries()) {
        const pair = { [key]: valueOf(n) };
        for (const filter of [{ labels: pair }, { metadata: pair }]) {
          const found = (await ask(store, filter)).map((row) => [row.conversation_id, row.labels, row.metadata]);
          expect([key, found]).toEqual([key, [[conversations[n], pair, pair]]]);
        }
        expect(await ask(store, { labels: { [key]: 'another value' } })).toEqual([]);
      }
      const everything = Object.fromEntries(HOSTILE_NAMES.map((name) => [name, name]));
      expect(await ask(store, { labels: everything })).toEqual([]);
      await store.transact(({ messages }) => messages.setLabels(conversations[0] ?? '', everything));
      expect(await ask(store, { labels: everything })).toMatchObject([{ conversation_id: conversations[0], labels: everything }]);
    });

    it('are found by labels exactly as a model finds them', async () => {
      const store = await open();
      const text = fc.oneof(fc.constantFrom('a', 'b', 'a.b', 'a/b', '~1', '', '$', '*'), fc.string({ unit: 'grapheme', maxLength: 4 }));
      const labels = fc.dictionary(text.filter(isStorable), text.filter(isStorable), { maxKeys: 3 });
      let matches = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(labels, { minLength: 1, maxLength: 8 }), labels, fc.nat(7), async (all, other, which) => {
          const conversationId = uuidv7();
          await store.transact(({ messages }) =>
            messages.add(
              conversationId,
              all.map((labels) => ({ role: 'user', originalValue: 'x', labels })),
            ),
          );
          const [first] = Object.entries(all[which] ?? {});
          // Part of what one of them has, and something that perhaps none has.
          for (const filter of [first ? { [first[0]]: first[1] } : {}, all[which] ?? {}, other]) {
            const expected = all.flatMap((each, n) => (includes(each, filter) ? [n] : []));
            const found = (await ask(store, { conversationId, labels: filter })).map((row) => row.sequence);
            expect(found).toEqual(expected);
            matches += found.length;
          }
        }),
        { numRuns: 60 },
      );
      expect(matches).toBeGreaterThan(60);
    });
  });
}
