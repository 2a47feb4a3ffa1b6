import { describe, expect, it } from '@jest/globals';
import { uuidv7 } from '#core';
import type { ImportRow } from '../imports/import-row.js';
import type { MemoryStore } from '../memory-store.js';
import type { OpenMemory } from './harness.js';
import { campaign, resultsOf } from './import-campaigns.js';
import { conversation, decisionsOf, idOf, Source } from './import-rows.js';

/** The file of the real messages comes before the other by its name, or after it. */
const ORDERS = [
  ['a', 'b'],
  ['b', 'a'],
] as const;

const textsOf = (store: MemoryStore, id: string) =>
  store.read(async ({ messages }) => (await messages.conversation(id)).map((row) => row.original_value));

/** A campaign whose messages its file had no ids for. */
function derivedCampaign(file: string): ImportRow[] {
  return campaign(new Source(file), 'e').map((row) => (row.noun === 'message' ? { ...row, value: { ...row.value, derived: true } } : row));
}

/** What the campaign said, as another program wrote it down: with ids, a system prompt, converted texts, and what came after. */
function real(file: string): ImportRow[] {
  const source = new Source(file);
  return [0, 1].flatMap((n) => {
    const place = { conversationId: idOf(`e conversation ${n}`) };
    const converted = { originalValue: `plain ${n}`, convertedValue: `e item ${n}`, responseError: 'none' };
    return [
      source.row('message', `be kind ${n}`, { ...place, role: 'system', sequence: 0 }),
      source.row('message', `real request ${n}`, { ...place, ...converted, sequence: 1 }),
      source.row('message', `answer ${n}`, { ...place, role: 'assistant', sequence: 2, dataType: 'error', responseError: 'blocked' }),
      source.row('message', `and then ${n}`, { ...place, sequence: 3 }),
      source.row('score', `real score ${n}`, { messageId: idOf(`answer ${n}`) }),
    ];
  });
}

const RESULTS = [0, 1].map((n) => `scored e item ${n}: e item ${n} → answer ${n} (true)`);

export function derivedMessageRules(open: OpenMemory): void {
  describe('messages without ids of their own', () => {
    it.each(ORDERS)('are those that have ids, in one import (%s, %s), and what hangs on them follows', async (first, second) => {
      const store = await open();
      const rows = [...derivedCampaign(first), ...real(second)];
      const decisions = await decisionsOf(store, rows);
      for (const [n, { noun, provenance }] of rows.entries())
        expect(decisions[n]).toBe(noun === 'message' && provenance.file === first ? 'duplicate' : 'added');
      expect(await resultsOf(store, idOf('e'))).toEqual(RESULTS);
      expect(await textsOf(store, idOf('e conversation 0'))).toEqual(['be kind 0', 'plain 0', 'answer 0', 'and then 0']);
      const said = await store.read(({ messages }) => messages.list({ executionId: idOf('e') }, 9));
      expect(said.map((row) => row.original_value).toSorted()).toEqual(['answer 0', 'answer 1', 'plain 0', 'plain 1']);
      const scores = await store.read((memory) => memory.scores.list({ messageIds: [idOf('answer 0')] }, 9));
      expect(scores.map((row) => row.execution_id).toSorted((a, b) => `${a}`.localeCompare(`${b}`))).toEqual([idOf('e'), null]);
      expect(new Set(await decisionsOf(store, rows))).toEqual(new Set(['duplicate']));
    });

    it('are those that have ids when these come later, where they say the same from the beginning on', async () => {
      const store = await open();
      const [run, later] = [uuidv7(), uuidv7()];
      await store.imports.take(run, derivedCampaign('a'));
      const source = new Source('b');
      const place = idOf('e conversation 0');
      const rows = [
        source.row('message', 'a request', { conversationId: place, originalValue: 'plain', convertedValue: 'e item 0', sequence: 0 }),
        source.row('message', 'answer 0', { conversationId: place, role: 'assistant', sequence: 1, dataType: 'url' }),
        source.row('message', 'more', { conversationId: place, sequence: 2 }),
        source.row('score', 's', { messageId: idOf('answer 0') }),
      ];
      expect(await decisionsOf(store, rows, later)).toEqual(['duplicate', 'duplicate', 'added', 'added']);
      expect(await textsOf(store, place)).toEqual(['e item 0', 'answer 0', 'more']);
      expect((await store.read(({ scores }) => scores.list({ messageIds: [idOf('e response 0')] }, 9))).length).toBe(2);
      expect((await store.imports.undo(run)).removed).toBe(0);
      expect(await store.imports.undo(later)).toEqual({ removed: 2, kept: [] });
      expect(await store.imports.undo(run)).toEqual({ removed: 17, kept: [] });
    });

    it('are answers of their execution, to be judged again, where the memory had them before', async () => {
      const store = await open();
      const known = real('a').map((row) => (row.noun === 'message' ? { ...row, value: { ...row.value, responseError: 'none' } } : row));
      await store.imports.take(uuidv7(), known);
      await store.imports.take(uuidv7(), derivedCampaign('b'));
      await store.read(async ({ answers }) => {
        const { count, until } = await answers.count({ executionId: idOf('e') });
        expect(count).toBe(2);
        const found = await answers.list({ executionId: idOf('e') }, until ?? '', null, 9);
        expect(found).toEqual(
          [0, 1].map((n) => ({ id: idOf(`answer ${n}`), prompt: `plain ${n}` })).toSorted((a, b) => a.id.localeCompare(b.id)),
        );
      });
    });

    it('that say something else are beside, and so is what another file has with ids', async () => {
      const store = await open();
      const id = idOf('c');
      const derived = (file: string, texts: readonly string[]) =>
        conversation(new Source(file), id, texts).map(
          (row, n) =>
            ({
              ...row,
              value: { ...row.value, id: idOf(`${file} ${n}`), originalPromptId: idOf(`${file} ${n}`), derived: true },
            }) as ImportRow,
        );
      const rows = [...conversation(new Source('real'), id, ['u0', 'a1']), ...derived('other', ['u0', 'a other'])];
      expect(await decisionsOf(store, rows)).toEqual(['added', 'added', 'added', 'added']);
      expect(await textsOf(store, id)).toEqual(['u0', 'a1']);
      // Longer than what is there, it goes on from it; of two that were derived the second is the first.
      expect(await decisionsOf(store, derived('longer', ['u0', 'a1', 'u2']))).toEqual(['duplicate', 'duplicate', 'added']);
      expect(await decisionsOf(store, derived('again', ['a1', 'u2']))).toEqual(['duplicate', 'duplicate']);
      expect(await decisionsOf(store, derived('other', ['u0', 'a other']))).toEqual(['duplicate', 'duplicate']);
      expect(await textsOf(store, id)).toEqual(['u0', 'a1', 'u2']);
      expect(await decisionsOf(store, conversation(new Source('else'), id, ['u0', 'a1', 'u two']))).toEqual(['added', 'added', 'added']);
    });
  });
}
