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
      expect(kept.map(({ reason }) => reason)).toContain('Another import has the same. Take that back first.');
      expect(await store.imports.undo(two)).toEqual({ removed: 0, kept: [] });
      expect(await store.imports.undo(one)).toEqual({ removed: 4, kept: [] });
      expect(await store.imports.take(uuidv7(), rows(ONE))).toMatchObject([{ added: 1 }, { added: 2 }, { added: 1 }]);
    });

    it('is accounted for by file, table and noun, with the reasons', async () => {
      const store = await open();
      const [one, two] = [new Source(ONE), new Source(TWO)];
      const run = uuidv7();
      const rows = [
        ...conversation(one, idOf('c'), ['u0', 'a1']),
        ...conversation(two, idOf('c'), ['u0', 'a1', 'u2']),
        one.row('generator', 'g', { updatedAt: moment(1) }),
        two.row('generator', 'g', { id: idOf('other'), parameters: { a: 1 } }),
        one.row('remainder', 'key'),
        two.row('remainder', 'key'),
        two.row('remainder', 'another key'),
        { ...two.row('prompt', 'lost'), provenance: { file: TWO, table: 'remainders', row: 9 } },
      ];
      await store.imports.receive(run, rows);
      const waiting = await store.imports.account(run);
      expect(waiting.every((row) => row.waiting === row.read)).toBe(true);
      expect(await store.imports.reasons(run)).toEqual([]);
      const none = { added: 0, renamed: 0, duplicate: 0, quarantined: 0, waiting: 0, undone: 0 };
      const settled = await store.imports.settle(run);
      expect(settled).toEqual([
        { ...none, file: ONE, table: 'generators', noun: 'generator', read: 1, added: 1 },
        { ...none, file: ONE, table: 'messages', noun: 'message', read: 2, added: 2 },
        { ...none, file: ONE, table: 'remainders', noun: 'remainder', read: 1, quarantined: 1 },
        { ...none, file: TWO, table: 'generators', noun: 'generator', read: 1, renamed: 1 },
        { ...none, file: TWO, table: 'messages', noun: 'message', read: 3, added: 1, duplicate: 2 },
        { ...none, file: TWO, table: 'remainders', noun: 'prompt', read: 1, quarantined: 1 },
        { ...none, file: TWO, table: 'remainders', noun: 'remainder', read: 2, quarantined: 2 },
      ]);
      const noun = 'remainder';
      const issuer = { decision: 'quarantined', reason: 'It is an API key of another issuer.' };
      expect(await store.imports.reasons(run)).toEqual([
        { file: ONE, table: 'remainders', noun, ...issuer, rows: 1 },
        { file: TWO, table: 'generators', noun: 'generator', decision: 'renamed', reason: 'A newer one has its name.', rows: 1 },
        { file: TWO, table: 'remainders', noun: 'prompt', decision: 'quarantined', reason: 'Its dataset is not there.', rows: 1 },
        { file: TWO, table: 'remainders', noun, ...issuer, rows: 2 },
      ]);
      await store.imports.undo(run);
      expect((await store.imports.account(run)).map(({ undone }) => undone)).toEqual([1, 2, 0, 1, 1, 0, 0]);
    });

    it('puts aside once what it can’t take in, however many imports bring it', async () => {
      const store = await open();
      const row = new Source(ONE).row('remainder', 'key');
      expect(await store.imports.take(uuidv7(), [row])).toMatchObject([{ read: 1, quarantined: 1, duplicate: 0 }]);
      const again = uuidv7();
      expect(await store.imports.take(again, [{ ...row, original: 'sealed otherwise' }])).toMatchObject([
        { read: 1, quarantined: 0, duplicate: 1 },
      ]);
      expect(await store.imports.reasons(again)).toMatchObject([
        { decision: 'duplicate', reason: 'An earlier import has put it aside.', rows: 1 },
      ]);
      await store.imports.undo(again);
      expect(await store.imports.account(again)).toMatchObject([{ read: 1, duplicate: 1 }]);
    });

    it('keeps the original of every row, verbatim', async () => {
      const store = await open();
      const original = 'sealed:'.repeat(9_000);
      const run = uuidv7();
      const row = { ...new Source(ONE).row('remainder', 'key'), original };
      await store.imports.receive(run, [row]);
      // The same row is sealed to another text each time.
      await store.imports.take(run, [{ ...row, original: 'sealed otherwise' }]);
      await store.close();
      const database = await harness.open('memory');
      const parts = await database.read((db) => db.selectFrom('import_originals').selectAll().orderBy('part').execute());
      expect(parts.map(({ text }) => text).join('')).toBe(original);
      expect(await database.read((db) => db.selectFrom('import_values').selectAll().execute())).toEqual([]);
      expect(await database.read((db) => db.selectFrom('import_work').selectAll().execute())).toEqual([]);
    });

    it('finds each of many originals, whatever their lengths and in how many calls they came', async () => {
      const store = await open();
      const source = new Source(ONE);
      const rows = Array.from({ length: 300 }, (_, index) => ({
        ...source.row('remainder', String(index)),
        original: `${index} 😀`.repeat(index % 50 === 0 ? 9_000 : index % 7),
      }));
      const run = uuidv7();
      await store.imports.receive(run, rows.slice(0, 100));
      await store.imports.take(run, rows);
      for (const { provenance, original } of rows) expect(await store.imports.original(run, provenance)).toBe(original);
      expect(await store.imports.original(run, { file: TWO, table: 'remainders', row: 0 })).toBeNull();
      expect(await store.imports.original(uuidv7(), { file: ONE, table: 'remainders', row: 0 })).toBeNull();
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
