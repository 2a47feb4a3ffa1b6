import { describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { uuidv7 } from '#core';
import type { ImportRow } from '../imports/import-row.js';
import type { MemoryStore } from '../memory-store.js';
import type { MemoryHarness, OpenMemory } from './harness.js';
import { campaign } from './import-campaigns.js';
import { idOf, moment, Source } from './import-rows.js';

/** More than a page, and few. */
const [MANY, FEW] = [1_100, 12];

function rows(prompts = FEW): ImportRow[] {
  const source = new Source('f1'.repeat(32));
  return [
    ...campaign(source, 'e'),
    source.row('generator', 'g', { updatedAt: moment(1) }),
    source.row('generator', 'g', { id: idOf('older'), parameters: { a: 1 } }),
    source.row('dataset', 'harms'),
    source.row('dataset', 'one', { id: idOf('one') }),
    source.row('prompt', 'only', { datasetId: idOf('one') }),
    ...Array.from({ length: prompts }, (_, position) => source.row('prompt', `prompt ${position}`, { position })),
    source.row('remainder', 'key'),
  ];
}

/** The nouns of which something is not as it was meant. */
async function differing(store: MemoryStore, run: string): Promise<string[]> {
  const digests = await store.imports.digests(run);
  return digests.filter(({ meant, stored }) => meant !== stored).map(({ noun }) => noun);
}

export function importDigestRules(open: OpenMemory, harness: MemoryHarness): void {
  describe('the proof of an import', () => {
    it('has equal digests for everything that was added, the same in any order of the rows', async () => {
      const store = await open();
      const run = uuidv7();
      await store.imports.take(run, rows(MANY).toReversed());
      const digests = await store.imports.digests(run);
      const counts = { attackResult: 2, attempt: 4, dataset: 2, execution: 1, generator: 2, item: 2, message: 4, outcome: 2 };
      expect(Object.fromEntries(digests.map((digest) => [digest.noun, digest.rows]))).toEqual({ ...counts, prompt: MANY + 1, score: 2 });
      for (const { meant, stored } of digests) expect(stored).toBe(meant);
      const again = await store.imports.undo(run);
      expect(again.kept).toEqual([]);
      for (const { rows: left } of await store.imports.digests(run)) expect(left).toBe(0);
      const other = uuidv7();
      await store.imports.take(other, rows(MANY));
      expect(await store.imports.digests(other)).toEqual(digests);
      expect(await store.imports.digests(uuidv7())).toEqual([]);
    });

    it('goes on with what has another name since, and gets it back', async () => {
      const store = await open();
      const [run, later, last] = [uuidv7(), uuidv7(), uuidv7()];
      const newer = (minutes: number) =>
        new Source('f2').row('generator', 'g', { id: idOf(`${minutes}`), parameters: { minutes }, updatedAt: moment(minutes) });
      await store.imports.take(run, rows());
      await store.imports.take(later, [newer(5)]);
      expect(await differing(store, run)).toEqual([]);
      await store.imports.take(last, [newer(7)]);
      expect(await differing(store, later)).toEqual([]);
      await store.imports.undo(last);
      await store.imports.undo(later);
      expect(await differing(store, run)).toEqual([]);
      await store.transact(({ configurations }) => configurations('generators').update(idOf('g'), null, { parameters: { x: 1 } }));
      expect(await differing(store, run)).toEqual(['generator']);
    });

    const losses = {
      attackResult: sql`update attack_results set turns = 3 where item_id = ${idOf('e item 0')}`,
      attempt: sql`delete from attempts where item_id = ${idOf('e item 1')} and phase = 'intended'`,
      dataset: sql`update datasets set name = 'harm'`,
      execution: sql`update executions set planned = 3`,
      item: sql`insert into items select * replace ('changed' as value) from items where id = ${idOf('e item 1')}`,
      message: sql`update messages set original_value = 'e ITEM 0' where id = ${idOf('e request 0')}`,
      outcome: sql`update outcomes set state = 'answered'`,
      prompt: sql`update prompts set value = 'prompt' where position = 9`,
      score: sql`delete from scores where id = ${idOf('e score 1')}`,
    };
    it.each(Object.entries(losses))('shows that of one %s something was lost or changed', async (noun, loss) => {
      const store = await open();
      const run = uuidv7();
      await store.imports.take(run, rows());
      await store.close();
      const database = await harness.open('memory');
      await database.transact((tx) => loss.execute(tx));
      await database.close();
      expect(await differing(await open(), run)).toEqual([noun]);
    });
  });
}
