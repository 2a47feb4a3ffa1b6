import { describe, expect, it } from '@jest/globals';
import { uuidv7 } from '#core';
import type { MemoryStore } from '../memory-store.js';
import type { OpenMemory } from './harness.js';
import { conversation, decisionsOf, idOf, moment, Source } from './import-rows.js';

const ONE = 'f1'.repeat(32);
const TWO = 'f2'.repeat(32);

const textsOf = (store: MemoryStore, id: string) =>
  store.read(async ({ messages }) => (await messages.conversation(id)).map((row) => [row.sequence, row.original_value]));

export function importedMessageRules(open: OpenMemory): void {
  describe('its imported messages', () => {
    it('are in order without gaps, however they came and were numbered, with ids, labels and texts of any length', async () => {
      const store = await open();
      const source = new Source(ONE);
      const id = idOf('c');
      const long = `a long ☃ ${'🔑'.repeat(20_000)}`;
      const rows = [
        source.row('message', 'u late', { conversationId: id, sequence: 7 }),
        source.row('message', long, {
          conversationId: id,
          sequence: 4,
          role: 'assistant',
          convertedValue: 'short',
          labels: { 'a.b': '"' },
        }),
        source.row('message', 'u first', { conversationId: id, sequence: -1 }),
        source.row('message', 'u twice', { conversationId: id, sequence: 4, sentAt: moment(-1) }),
      ];
      const run = uuidv7();
      await store.imports.receive(run, rows.slice(0, 2));
      await store.imports.receive(run, rows.slice(1));
      await store.imports.settle(run);
      const messages = await store.read((memory) => memory.messages.conversation(id));
      expect(messages.map((row) => row.sequence)).toEqual([0, 1, 2, 3]);
      expect(messages.map((row) => row.original_value)).toEqual(['u first', 'u twice', long, 'u late']);
      expect(messages[2]).toMatchObject({
        id: idOf(long),
        converted_value: 'short',
        labels: { 'a.b': '"' },
        sent_at: moment(0),
        execution_id: null,
      });
      const [next] = await store.transact((memory) => memory.messages.add(id, [{ role: 'user', originalValue: 'next' }]));
      expect(next?.sequence).toBe(4);
    });

    it('go on where another file stopped; a conversation that went on otherwise is beside it, with copies of what both have', async () => {
      const store = await open();
      const id = idOf('c');
      const rows = [
        ...conversation(new Source('long'), id, ['u0', 'a1', 'u2', 'a3']),
        ...conversation(new Source('short'), id, ['u0', 'a1']),
        ...conversation(new Source('other'), id, ['u0', 'a1', 'u other', 'a other', 'u end']),
      ];
      expect((await decisionsOf(store, rows)).join()).toBe(
        ['duplicate,duplicate,added,added', 'added,added', 'added,added,added,added,added'].join(),
      );
      expect(await textsOf(store, id)).toEqual(['u0', 'a1', 'u2', 'a3'].map((text, n) => [n, text]));
      const beside = await store.read(async ({ messages }) => messages.conversation((await messages.get(idOf('u end'))).conversation_id));
      expect(beside.map((row) => row.original_value)).toEqual(['u0', 'a1', 'u other', 'a other', 'u end']);
      expect(beside.map((row) => row.original_prompt_id)).toEqual(['u0', 'a1', 'u other', 'a other', 'u end'].map(idOf));
      expect(new Set(await decisionsOf(store, rows))).toEqual(new Set(['duplicate']));
    });

    it('keep the links of copies to originals, also where the original got another id', async () => {
      const store = await open();
      const [taken] = await store.transact((memory) => memory.messages.add(idOf('mine'), [{ role: 'user', originalValue: 'mine' }]));
      const source = new Source(ONE);
      const id = taken?.id ?? '';
      const rows = [
        source.row('message', 'copy', { conversationId: idOf('copied'), originalPromptId: id }),
        source.row('message', 'copy of nothing', { conversationId: idOf('alone'), originalPromptId: idOf('nowhere') }),
        source.row('message', 'theirs', { id, conversationId: idOf('theirs'), originalPromptId: id }),
      ];
      expect(await decisionsOf(store, rows)).toEqual(['added', 'added', 'added']);
      await store.read(async ({ messages }) => {
        const [theirs] = await messages.conversation(idOf('theirs'));
        expect(theirs?.id).not.toBe(id);
        expect(theirs?.original_prompt_id).toBe(theirs?.id);
        expect((await messages.get(idOf('copy'))).original_prompt_id).toBe(theirs?.id);
        expect((await messages.get(idOf('copy of nothing'))).original_prompt_id).toBe(idOf('copy of nothing'));
      });
    });

    it('are put aside when they can not be kept, and only they', async () => {
      const store = await open();
      const source = new Source(ONE);
      const rows = [
        source.row('message', 'nul \0', { conversationId: idOf('c') }),
        source.row('message', 'when', { conversationId: idOf('c'), sentAt: 'yesterday' }),
        source.row('message', 'half \ud800', { conversationId: idOf('c') }),
        source.row('remainder', 'key'),
      ];
      expect(await decisionsOf(store, rows)).toEqual(['quarantined', 'quarantined', 'added', 'quarantined']);
      expect(await textsOf(store, idOf('c'))).toEqual([[0, 'half \ufffd']]);
    });

    it('stay at undo with their whole conversation when it has a score, a copy or a further message', async () => {
      const store = await open();
      const source = new Source(ONE);
      const run = uuidv7();
      const ids = ['scored', 'copied', 'continued', 'labelled', 'free'];
      await store.imports.take(
        run,
        ids.flatMap((id) => conversation(source, idOf(id), [`u ${id}`, `a ${id}`])),
      );
      await store.transact(async ({ messages, scores }) => {
        const score = { type: 'true_false' as const, value: 'true', category: null, rationale: '', metadata: null };
        await scores.add(idOf('a scored'), score, { id: null, name: 's', type: 's', version: '1' });
        await messages.duplicate(idOf('copied'));
        await messages.add(idOf('continued'), [{ role: 'user', originalValue: 'more' }]);
        await messages.setLabels(idOf('labelled'), { mine: 'yes' });
      });
      const undone = await store.imports.undo(run);
      expect(undone.removed).toBe(2);
      expect(new Set(undone.kept.map(({ reason }) => reason))).toEqual(
        new Set(['Its conversation has scores.', 'Its conversation has copies.', 'Its conversation went on.', 'It was changed since.']),
      );
      expect(undone.kept).toHaveLength(8);
      expect(await textsOf(store, idOf('continued'))).toHaveLength(3);
      await expect(textsOf(store, idOf('free'))).rejects.toThrow('There is no conversation');
    });
  });

  describe('its imported scores', () => {
    it('hang on their own message or what that is a copy of, once, made-up ones marked; without a message they are put aside', async () => {
      const store = await open();
      const source = new Source(ONE);
      const copy = source.row('message', 'copy', { id: idOf('k'), conversationId: idOf('copied'), originalPromptId: idOf('a1') });
      const score = (name: string, messageId: string | null, more = {}) => source.row('score', name, { id: uuidv7(), messageId, ...more });
      const rows = [
        score('one', idOf('a1')),
        score('one', idOf('a1')),
        score('one', idOf('k')),
        score('one', idOf('a1'), { value: 'false' }),
        score('Safety_Fallback_Scorer', idOf('a1'), { synthetic: true }),
        score('stray', idOf('elsewhere')),
        score('none', null),
        score('odd', idOf('a1'), { scoreType: null, value: 'maybe' }),
        ...conversation(source, idOf('c'), ['u0', 'a1']),
        copy,
      ];
      const decisions = await decisionsOf(store, rows);
      expect(decisions.slice(0, 3).sort()).toEqual(['added', 'duplicate', 'duplicate']);
      expect(decisions.slice(3)).toEqual(['added', 'added', 'quarantined', 'quarantined', 'quarantined', 'added', 'added', 'added']);
      const scores = await store.read((memory) => memory.scores.list({ messageIds: [idOf('k')] }, 99));
      expect(scores.map((row) => [row.message_id, row.scorer_name, row.value, JSON.stringify(row.metadata)].join(' ')).sort()).toEqual(
        [`${idOf('a1')} Safety_Fallback_Scorer true {"synthetic":true}`, `${idOf('a1')} one false {}`, `${idOf('a1')} one true {}`].sort(),
      );
    });

    it('of a file follow the messages of that file, not what has the same id elsewhere', async () => {
      const store = await open();
      const other = new Source(TWO);
      await store.imports.take(uuidv7(), conversation(other, idOf('theirs'), ['a1']));
      const source = new Source(ONE);
      const mine = source.row('message', 'mine', { id: idOf('a1'), originalPromptId: idOf('a1'), conversationId: idOf('c') });
      await store.imports.take(uuidv7(), [source.row('score', 'one', { messageId: idOf('a1') }), mine]);
      const [message] = await store.read(({ messages }) => messages.conversation(idOf('c')));
      expect((await store.read((memory) => memory.scores.list({}, 9))).map((row) => row.message_id)).toEqual([message?.id]);
    });
  });
}
