import { describe, expect, it } from '@jest/globals';
import { Conflict, uuidv7 } from '#core';
import { rowHash } from '../imports/canonical.js';
import { ImportMismatch, verify } from '../imports/verify.js';
import type { MemoryHarness, OpenMemory } from './harness.js';
import { contentOf, conversation, idOf, moment, Source } from './import-rows.js';

const ONE = 'f1'.repeat(32);
const TWO = 'f2'.repeat(32);

export function importRules(open: OpenMemory, harness: MemoryHarness): void {
  describe('an import', () => {
    it('is planned without a trace', async () => {
      const store = await open();
      await store.close();
      const database = await harness.open('memory');
      const before = await contentOf(database);
      await database.close();
      const again = await open();
      const rows = [...conversation(new Source(ONE), idOf('c'), ['u0', 'a1']), new Source(TWO).row('generator', 'g')];
      expect((await again.imports.plan(rows)).map(({ decision }) => decision)).toEqual(['added', 'added', 'added']);
      const [first] = await again.transact((memory) => memory.messages.add(idOf('c'), [{ role: 'user', originalValue: 'first' }]));
      expect(first?.sequence).toBe(0);
      await again.transact((memory) => memory.messages.deleteConversation(idOf('c')));
      await again.close();
      const after = await harness.open('memory');
      expect(await contentOf(after)).toEqual(before);
      expect(await after.read((db) => db.selectFrom('import_rows').selectAll().execute())).toEqual([]);
    });

    it('keeps what another import has too, until that is undone', async () => {
      const store = await open();
      const rows = (file: string) => {
        const source = new Source(file);
        return [
          ...conversation(source, idOf('c'), ['u0', 'a1']),
          source.row('score', 's', { messageId: idOf('a1') }),
          source.row('generator', 'g'),
        ];
      };
      const [one, two] = [uuidv7(), uuidv7()];
      await store.imports.take(one, rows(ONE));
      await store.imports.take(two, rows(TWO));
      const { removed, kept } = await store.imports.undo(one);
      expect(removed).toBe(0);
      expect(kept.map(({ reason }) => reason)).toContain('Another import has the same.');
      expect(await store.imports.undo(two)).toEqual({ removed: 0, kept: [] });
      expect(await store.imports.undo(one)).toEqual({ removed: 4, kept: [] });
      expect(await store.imports.take(uuidv7(), rows(ONE))).toMatchObject([{ added: 1 }, { added: 2 }, { added: 1 }]);
    });

    it('keeps the original of every row, verbatim', async () => {
      const store = await open();
      const original = 'sealed:'.repeat(9_000);
      const run = uuidv7();
      await store.imports.take(run, [{ ...new Source(ONE).row('remainder', 'key'), original }]);
      await store.close();
      const database = await harness.open('memory');
      const parts = await database.read((db) => db.selectFrom('import_originals').selectAll().orderBy('part').execute());
      expect(parts.map(({ text }) => text).join('')).toBe(original);
      expect(await database.read((db) => db.selectFrom('import_values').selectAll().execute())).toEqual([]);
      expect(await database.read((db) => db.selectFrom('import_work').selectAll().execute())).toEqual([]);
    });

    it('takes no new rows once it is settled, and none from any other run amiss', async () => {
      const store = await open();
      const source = new Source(ONE);
      const rows = conversation(source, idOf('c'), ['u0']);
      const run = uuidv7();
      await store.imports.take(run, rows);
      await store.imports.take(run, rows);
      await expect(store.imports.receive(run, [source.row('generator', 'g')])).rejects.toThrow(Conflict);
      expect(await store.imports.account(run)).toMatchObject([{ noun: 'message', read: 1, added: 1 }]);
      expect(await store.imports.account(uuidv7())).toEqual([]);
      expect(await store.imports.undo(uuidv7())).toEqual({ removed: 0, kept: [] });
    });

    it('is undone when what was written is not what was meant', async () => {
      await (await open()).close();
      const database = await harness.open('memory');
      const from = { file: ONE, table: 'generators', row: 7 };
      const row = {
        id: idOf('g'),
        name: 'g',
        type: 'echo',
        parameters: { a: [1] },
        secrets: {},
        revision: 1,
        created_at: moment(0),
        updated_at: moment(0),
      };
      const write = (meant: object) =>
        database.transact(async (tx, insert) => {
          await insert({ generators: [row] });
          await verify(tx, [{ table: 'generators', id: row.id, hash: rowHash(meant), from }]);
        });
      const error = await write({ ...row, parameters: { a: [2] } }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ImportMismatch);
      expect(String(error)).toContain(`Row 7 of generators in the file ${ONE}`);
      expect((await contentOf(database))['generators']).toEqual([]);
      // The order of keys is nothing that is meant.
      await write(Object.fromEntries(Object.entries(row).toReversed()));
      expect((await contentOf(database))['generators']).toHaveLength(1);
    });
  });
}
