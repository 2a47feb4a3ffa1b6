import { describe, expect, it } from '@jest/globals';
import { uuidv7, type JsonObject } from '#core';
import type { ImportRow } from '../imports/import-row.js';
import type { MemoryStore } from '../memory-store.js';
import { executionRow, type OpenMemory } from './harness.js';
import { decisionsOf, idOf, moment, Source } from './import-rows.js';

const ONE = 'f1'.repeat(32);
const TWO = 'f2'.repeat(32);

const namesOf = (store: MemoryStore) =>
  store.read(async ({ configurations }) =>
    (await configurations('generators').list({ limit: 99, before: null })).map((row) => row.name).sort(),
  );

export function importedNameRules(open: OpenMemory): void {
  describe('its imported configurations', () => {
    const own = (store: MemoryStore, name: string, parameters: JsonObject) =>
      store.transact(({ configurations }) => configurations('generators').create({ name, type: 'echo', parameters, secrets: {} }));

    it('keep id, times and sealed secrets; equal ones are one, whatever their secrets are sealed to', async () => {
      const store = await open();
      const sealed = (text: string) => ({ secrets: { apiKey: { kind: 'sealed' as const, sealed: text, hint: '…abcd' } } });
      const rows = [
        new Source(ONE).row('generator', 'gpt', sealed('x1')),
        new Source(TWO).row('generator', 'gpt', { ...sealed('x2'), id: idOf('other') }),
      ];
      expect((await decisionsOf(store, rows)).sort()).toEqual(['added', 'duplicate']);
      const [row, ...others] = await store.read(({ configurations }) => configurations('generators').list({ limit: 9, before: null }));
      expect(others).toEqual([]);
      expect(row).toMatchObject({ name: 'gpt', revision: 1, created_at: moment(0), updated_at: moment(0) });
      const stored = row?.secrets['apiKey'];
      expect([`${idOf('gpt')} x1`, `${idOf('other')} x2`]).toContain(`${row?.id} ${stored?.kind === 'sealed' ? stored.sealed : ''}`);
    });

    it('of one name and different content are all kept: the newest has the name, the others their origin', async () => {
      const store = await open();
      const make = (file: string, origin: string, minutes: number) =>
        new Source(file).row('generator', 'gpt', { id: idOf(file), origin, updatedAt: moment(minutes), parameters: { minutes } });
      const rows = [make('a', 'f1', 1), make('b', 'f2', 3), make('c', 'f1', 2)];
      expect(await decisionsOf(store, rows)).toEqual(['renamed', 'added', 'renamed']);
      expect(await namesOf(store)).toEqual(['gpt', 'gpt (from f1)', `gpt (from f1, ${idOf('a')})`]);
      const newest = await store.read(({ configurations }) => configurations('generators').findByName('gpt'));
      expect(newest?.parameters).toEqual({ minutes: 3 });
      expect(
        await decisionsOf(
          store,
          rows.map((row) => ({ ...row, provenance: { ...row.provenance, file: `${row.provenance.file}-copy` } })),
        ),
      ).toEqual(['duplicate', 'duplicate', 'duplicate']);
    });

    it('never take the name of something newer; something older gives it away, and gets it back', async () => {
      const store = await open();
      const mine = await own(store, 'mine', { a: 1 });
      const older = new Source(ONE).row('generator', 'mine', { updatedAt: moment(0) });
      const newer = new Source(ONE).row('generator', 'mine', { updatedAt: new Date(Date.now() + 60_000).toISOString() });
      expect(await decisionsOf(store, [older])).toEqual(['renamed']);
      expect((await store.read(({ configurations }) => configurations('generators').findByName('mine')))?.id).toBe(mine.id);
      const run = uuidv7();
      const other = {
        ...newer,
        provenance: { ...newer.provenance, file: TWO },
        value: { ...newer.value, id: idOf('n'), parameters: { b: 2 } },
      } as ImportRow;
      expect(await decisionsOf(store, [other], run)).toEqual(['added']);
      expect(await namesOf(store)).toEqual(['mine', 'mine (from f1)', 'mine (from this memory)']);
      expect(await store.imports.undo(run)).toEqual({ removed: 1, kept: [] });
      expect(await store.read(({ configurations }) => configurations('generators').get(mine.id))).toEqual(mine);
    });

    it('get another id where theirs is taken, unless their secrets are sealed for it', async () => {
      const store = await open();
      const { id } = await own(store, 'mine', {});
      const source = new Source(ONE);
      const secrets = { key: { kind: 'sealed' as const, sealed: 's', hint: 'h' } };
      const rows = [source.row('generator', 'one', { id }), source.row('generator', 'two', { id, secrets })];
      expect(await decisionsOf(store, rows)).toEqual(['added', 'quarantined']);
      expect(await namesOf(store)).toEqual(['mine', 'one']);
    });

    it('stay at undo when somebody changed them or built on them', async () => {
      const store = await open();
      const source = new Source(ONE);
      const run = uuidv7();
      await store.imports.take(
        run,
        ['changed', 'used', 'planned', 'free'].map((name) => source.row('generator', name)),
      );
      await store.transact(async ({ configurations, executions }) => {
        await configurations('generators').update(idOf('changed'), null, { parameters: { x: 1 } });
        await configurations('orchestrators').create({ name: 'o', type: 't', parameters: { generatorId: idOf('used') }, secrets: {} });
        await executions.create(executionRow({ plan: { generator: { id: idOf('planned') } } }));
      });
      const undone = await store.imports.undo(run);
      expect(undone.removed).toBe(1);
      expect(undone.kept.map(({ id, reason }) => `${id} ${reason}`).sort()).toEqual(
        [
          `${idOf('changed')} It was changed since.`,
          `${idOf('used')} An orchestrator refers to it.`,
          `${idOf('planned')} An execution was planned with it.`,
        ].sort(),
      );
      expect(undone.kept[0]?.provenance).toMatchObject({ file: ONE, table: 'generators' });
      expect(await store.imports.undo(run)).toEqual({ ...undone, removed: 0 });
    });
  });

  describe('its imported datasets', () => {
    it('have all their prompts, in order, each text once; a prompt without its dataset is put aside', async () => {
      const store = await open();
      const source = new Source(ONE);
      const prompts = ['c', 'b', 'a', 'b'].map((value, n) => source.row('prompt', value, { position: 3 - n }));
      const rows = [...prompts, source.row('prompt', 'lost', { datasetId: 'gone' }), source.row('dataset', 'harms')];
      expect(await decisionsOf(store, rows)).toEqual(['added', 'duplicate', 'added', 'added', 'quarantined', 'added']);
      await store.read(async ({ datasets }) => {
        expect(await datasets.get(idOf('harms'))).toMatchObject({ name: 'harms', prompt_count: 3, duplicate_count: 1 });
        expect((await datasets.prompts(idOf('harms'), -1, 9)).map((row) => [row.position, row.value])).toEqual([
          [0, 'b'],
          [1, 'a'],
          [2, 'c'],
        ]);
      });
    });

    it('of one name are one if their prompts are; else both are there', async () => {
      const store = await open();
      const dataset = (file: string, texts: readonly string[], minutes: number): ImportRow[] => {
        const source = new Source(file);
        const id = idOf(file);
        return [
          source.row('dataset', 'harms', { id, origin: file, createdAt: moment(minutes) }),
          ...texts.map((value, position) => source.row('prompt', value, { datasetId: id, position })),
        ];
      };
      const rows = [...dataset('x', ['p', 'q'], 0), ...dataset('y', ['p', 'q'], 2), ...dataset('z', ['q', 'p'], 1)];
      expect(await decisionsOf(store, rows)).toEqual([
        ...Array<string>(3).fill('duplicate'),
        ...Array<string>(3).fill('added'),
        'renamed',
        'added',
        'added',
      ]);
      const names = await store.read(async ({ datasets }) =>
        (await datasets.list({ limit: 9, before: null })).map(({ name }) => name).sort(),
      );
      expect(names).toEqual(['harms', 'harms (from z)']);
      expect(new Set(await decisionsOf(store, rows))).toEqual(new Set(['duplicate']));
    });
  });
}
