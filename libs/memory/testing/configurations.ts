import { describe, expect, it } from '@jest/globals';
import { Conflict, NotFound, StaleRevision, uuidv7 } from '#core';
import { ConstraintViolated } from '#database';
import type { ConfigurationDraft } from '../configurations.js';
import { CONFIGURATION_NOUNS } from '../tables.js';
import type { OpenMemory } from './harness.js';
import { HOSTILE_NAMES } from './hostile-names.js';

const draft: ConfigurationDraft = {
  name: 'mine',
  type: 'openai-compatible',
  parameters: { model: 'm', nested: { list: [1, 'two', null, { a: true }] }, 'a.b': '$', pattern: '\\d+"' },
  secrets: {
    apiKey: { kind: 'sealed', sealed: 'v1.xyz', hint: '…abcd' },
    other: { kind: 'env', name: 'OTHER_KEY' },
    third: { kind: 'file', name: 'third' },
  },
};

export function configurationRules(open: OpenMemory): void {
  describe.each(CONFIGURATION_NOUNS)('its %s', (noun) => {
    it('come back as they were written, by id and by name', async () => {
      const store = await open();
      const id = uuidv7();
      const created = await store.transact((memory) => memory.configurations(noun).create(draft, id));
      expect(created).toMatchObject({ ...draft, id, revision: 1 });
      const read = await store.read(async (memory) => {
        const reader = memory.configurations(noun);
        return [
          await reader.get(id),
          await reader.find(id),
          await reader.findByName('mine'),
          ...(await reader.list({ limit: 9, before: null })),
        ];
      });
      expect(read).toEqual([created, created, created, created]);
    });

    it('that are not there are absent, or an error that names them', async () => {
      const store = await open();
      const id = uuidv7();
      const absent = await store.read(async (memory) => {
        const reader = memory.configurations(noun);
        return [await reader.find(id), await reader.findByName('mine'), await reader.list({ limit: 9, before: null })];
      });
      expect(absent).toEqual([null, null, []]);
      const noNoun = { constructor: NotFound, noun: noun.slice(0, -1), id };
      await expect(store.read((memory) => memory.configurations(noun).get(id))).rejects.toMatchObject(noNoun);
      await expect(store.transact((memory) => memory.configurations(noun).update(id, null, {}))).rejects.toMatchObject(noNoun);
      await expect(store.transact((memory) => memory.configurations(noun).delete(id, null))).rejects.toMatchObject(noNoun);
    });

    it('change only from the revision that they have', async () => {
      const store = await open();
      const write = <T>(fn: (writer: Parameters<Parameters<typeof store.transact>[0]>[0]) => Promise<T>) => store.transact(fn);
      const first = await write((memory) => memory.configurations(noun).create(draft));
      const second = await write((memory) => memory.configurations(noun).update(first.id, 1, { parameters: { model: 'n' } }));
      expect(second).toEqual({ ...first, parameters: { model: 'n' }, revision: 2, updated_at: expect.any(String) });
      await expect(write((memory) => memory.configurations(noun).update(first.id, 1, { name: 'late' }))).rejects.toBeInstanceOf(
        StaleRevision,
      );
      await expect(write((memory) => memory.configurations(noun).delete(first.id, 1))).rejects.toBeInstanceOf(StaleRevision);
      const third = await write((memory) =>
        memory.configurations(noun).update(first.id, null, { name: 'renamed', type: 'http', secrets: {} }),
      );
      expect(third).toEqual({ ...second, name: 'renamed', type: 'http', secrets: {}, revision: 3, updated_at: expect.any(String) });
      expect(await store.read((memory) => memory.configurations(noun).get(first.id))).toEqual(third);
      await write((memory) => memory.configurations(noun).delete(first.id, 3));
      expect(await store.read((memory) => memory.configurations(noun).find(first.id))).toBeNull();
    });

    it('keep what a change leaves undefined, and can be changed often, also twice at once', async () => {
      const store = await open();
      const { id } = await store.transact((memory) => memory.configurations(noun).create(draft));
      const blank = { name: undefined, type: undefined, parameters: undefined, secrets: undefined };
      await store.transact((memory) => memory.configurations(noun).update(id, null, blank));
      await store.transact(async (memory) => {
        for (let round = 0; round < 5; round++) await memory.configurations(noun).update(id, null, { parameters: { round } });
      });
      const both = await Promise.allSettled(
        ['a', 'b'].map((model) => store.transact((memory) => memory.configurations(noun).update(id, 7, { parameters: { model } }))),
      );
      expect(both).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: expect.any(StaleRevision) }]);
      expect(await store.read((memory) => memory.configurations(noun).get(id))).toMatchObject({
        ...draft,
        parameters: { model: 'a' },
        revision: 8,
      });
    });

    it('have names of their own, whatever characters they are made of', async () => {
      const store = await open();
      for (const name of HOSTILE_NAMES) await store.transact((memory) => memory.configurations(noun).create({ ...draft, name }));
      for (const name of HOSTILE_NAMES) {
        const found = await store.read((memory) => memory.configurations(noun).findByName(name));
        expect(found?.name).toBe(name);
        const again = store.transact((memory) => memory.configurations(noun).create({ ...draft, name }));
        await expect(again).rejects.toBeInstanceOf(Conflict);
      }
      const other = await store.transact((memory) => memory.configurations(noun).create({ ...draft, name: 'Plain' }));
      const taken = store.transact((memory) => memory.configurations(noun).update(other.id, null, { name: 'plain' }));
      await expect(taken).rejects.toBeInstanceOf(Conflict);
      await store.transact((memory) => memory.configurations(noun).update(other.id, null, { name: 'Plain', type: 'same name' }));
    });

    it('can not share an id, and the memory goes on after the attempt', async () => {
      const store = await open();
      const { id } = await store.transact((memory) => memory.configurations(noun).create(draft));
      const twice = store.transact((memory) => memory.configurations(noun).create({ ...draft, name: 'other' }, id));
      await expect(twice).rejects.toBeInstanceOf(ConstraintViolated);
      await store.transact((memory) => memory.configurations(noun).create({ ...draft, name: 'other' }));
      expect(await store.read((memory) => memory.configurations(noun).list({ limit: 9, before: null }))).toHaveLength(2);
    });
  });

  describe('its configurations', () => {
    it('of one noun know nothing of the others', async () => {
      const store = await open();
      for (const noun of CONFIGURATION_NOUNS) await store.transact((memory) => memory.configurations(noun).create(draft));
      const id = await store.read(async (memory) => (await memory.configurations('scorers').findByName('mine'))?.id ?? '');
      await store.transact((memory) => memory.configurations('scorers').delete(id, null));
      const left = await store.read((memory) =>
        Promise.all(CONFIGURATION_NOUNS.map(async (noun) => (await memory.configurations(noun).list({ limit: 9, before: null })).length)),
      );
      expect(left).toEqual([1, 1, 0, 1]);
    });
  });
}
