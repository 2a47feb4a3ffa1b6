import { describe, expect, it } from '@jest/globals';
import { Conflict, NotFound, promptId, uuidv7 } from '#core';
import type { DatasetTable, PromptTable } from '../tables.js';
import type { OpenMemory } from './harness.js';

function datasetRow(changes: Partial<DatasetTable> = {}): DatasetTable {
  return {
    id: uuidv7(),
    name: 'harms',
    description: 'what not to say',
    source: 'json',
    prompt_count: 3,
    duplicate_count: 0,
    content_hash: 'c0de',
    created_at: '2026-01-02T03:04:05.678Z',
    ...changes,
  };
}

function promptRows(datasetId: string, count: number): PromptTable[] {
  return Array.from({ length: count }, (_, position) => {
    const value = `prompt "${position}" — ☃`;
    const metadata = position % 2 ? { author: "o'brien", 'a.b': [1, { deep: null }] } : {};
    return { dataset_id: datasetId, position, prompt_id: promptId(value), value, harm_categories: ['x', 'y z'], metadata };
  });
}

export function datasetRules(open: OpenMemory): void {
  describe('its datasets', () => {
    it('come back as they were written, prompts in order, from anywhere on', async () => {
      const store = await open();
      const row = datasetRow();
      const prompts = promptRows(row.id, 5);
      await store.appendRows({ prompts: [...prompts.slice(3), ...prompts.slice(0, 3)] });
      await store.transact((memory) => memory.datasets.create(row));
      await store.read(async ({ datasets }) => {
        expect(await datasets.get(row.id)).toEqual(row);
        expect(await datasets.list({ limit: 9, before: null })).toEqual([row]);
        expect(await datasets.prompts(row.id, -1, 100)).toEqual(prompts);
        expect(await datasets.prompts(row.id, 1, 2)).toEqual(prompts.slice(2, 4));
        expect(await datasets.prompts(row.id, 4, 2)).toEqual([]);
        expect(await datasets.prompts(uuidv7(), -1, 2)).toEqual([]);
      });
    });

    it('may hold the same prompt as another, under the same id', async () => {
      const store = await open();
      const [one, two] = [datasetRow({ name: 'one' }), datasetRow({ name: 'two' })];
      for (const row of [one, two]) {
        await store.appendRows({ prompts: promptRows(row.id, 3) });
        await store.transact((memory) => memory.datasets.create(row));
      }
      const ids = await store.read(({ datasets }) =>
        Promise.all([one, two].map(async ({ id }) => (await datasets.prompts(id, -1, 9)).map((prompt) => prompt.prompt_id))),
      );
      expect(ids[0]).toEqual(ids[1]);
      expect((await store.read((memory) => memory.stats())).prompts).toBe(6);
    });

    it('have names of their own; prompts of one that did not come to be are taken back', async () => {
      const store = await open();
      const row = datasetRow();
      await store.appendRows({ prompts: promptRows(row.id, 3) });
      await store.transact((memory) => memory.datasets.create(row));
      const second = datasetRow();
      await store.appendRows({ prompts: promptRows(second.id, 4) });
      await expect(store.transact((memory) => memory.datasets.create(second))).rejects.toBeInstanceOf(Conflict);
      await store.transact((memory) => memory.datasets.dropPrompts(second.id));
      expect((await store.read((memory) => memory.stats())).prompts).toBe(3);
    });

    it('are deleted with their prompts, and leave the others alone', async () => {
      const store = await open();
      const [one, two] = [datasetRow({ name: 'one' }), datasetRow({ name: 'two' })];
      for (const row of [one, two]) {
        await store.appendRows({ prompts: promptRows(row.id, 3) });
        await store.transact((memory) => memory.datasets.create(row));
      }
      await store.transact((memory) => memory.datasets.delete(one.id));
      await store.read(async ({ datasets, stats }) => {
        await expect(datasets.get(one.id)).rejects.toMatchObject({ constructor: NotFound, noun: 'dataset', id: one.id });
        expect(await datasets.prompts(one.id, -1, 9)).toEqual([]);
        expect(await datasets.prompts(two.id, -1, 9)).toHaveLength(3);
        expect((await stats()).prompts).toBe(3);
      });
      await expect(store.transact((memory) => memory.datasets.delete(one.id))).rejects.toBeInstanceOf(NotFound);
    });

    it('of which a crash left only prompts are cleaned away at the next opening, the others kept', async () => {
      const store = await open();
      const row = datasetRow();
      await store.appendRows({ prompts: [...promptRows(row.id, 3), ...promptRows(uuidv7(), 7)] });
      await store.transact((memory) => memory.datasets.create(row));
      expect((await store.read((memory) => memory.stats())).prompts).toBe(10);
      await store.close();
      const again = await open();
      // The next writer comes after the cleaning.
      await again.appendRows({ prompts: promptRows(uuidv7(), 1) });
      expect((await again.read((memory) => memory.stats())).prompts).toBe(4);
      expect(await again.read((memory) => memory.datasets.prompts(row.id, -1, 9))).toHaveLength(3);
    });
  });
}
