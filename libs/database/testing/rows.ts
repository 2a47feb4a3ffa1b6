import { describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { someNotes, type Note, type OpenNotes } from './harness.js';

export function rowRules(open: OpenNotes): void {
  /** What becomes of a note that is written by each of the two ways. */
  const written = async (note: Omit<Note, 'id'>): Promise<Omit<Note, 'id'>[]> => {
    const database = await open();
    await database.append({ notes: [{ id: 1, ...note }] });
    await database.transact((tx) =>
      tx
        .insertInto('notes')
        .values({ id: 2, ...note })
        .execute(),
    );
    return database.read((db) => db.selectFrom('notes').select(['body', 'sent_at', 'tags']).orderBy('id').execute());
  };

  describe('rows', () => {
    it('come back as they went in, by either way of writing', async () => {
      const note = {
        body: 'naïve ☃ "quoted" \\ud800 \\\\u0000 \n\t\u0007 😀 \u200b\u202e',
        sent_at: '2026-01-02T03:04:05.678Z',
        tags: { a: [1, 'x"y', null, { deep: -1.5 }], 'a.b': true, '': 'empty', ['__proto__']: 'own' },
      };
      expect(await written(note)).toEqual([note, note]);
    });

    it('keep a byte order mark at the beginning, which is a character of a prompt like any other', async () => {
      const bodies = [
        '\ufeff',
        '\ufeffab',
        '\ufeff a longer text than twelve bytes',
        '\ufeff\ufeff',
        'ï»¿ no mark',
        '\uffee',
        'a\ufeff',
        '',
      ];
      const notes = bodies.map((body, id) => ({ id, body, sent_at: null, tags: { [body]: body } }));
      const database = await open();
      await database.append({ notes });
      expect(await database.read((db) => db.selectFrom('notes').selectAll().orderBy('id').execute())).toEqual(notes);
    });

    it('are not refused for half a surrogate pair, which models do write: it becomes U+FFFD', async () => {
      const stored = { body: 'cut \ufffd here \\ud83d', sent_at: null, tags: { 'key \ufffd': '\ufffd', '\\udc00': '😀' } };
      expect(await written({ body: 'cut \ud83d here \\ud83d', sent_at: null, tags: { 'key \udc00': '\ud800', '\\udc00': '😀' } })).toEqual([
        stored,
        stored,
      ]);
    });

    it('are found by a moment given as text, and missing members are null', async () => {
      const database = await open();
      await database.append({ notes: [{ id: 1, sent_at: '2026-01-02T03:04:05.678Z' }] });
      const at = (operator: '<=' | '<' | '>=') =>
        database.read((db) => db.selectFrom('notes').selectAll().where('sent_at', operator, '2026-01-02T03:04:05.678Z').execute());
      const note = { id: 1, body: null, sent_at: '2026-01-02T03:04:05.678Z', tags: null };
      expect([await at('<='), await at('<'), await at('>=')]).toEqual([[note], [], [note]]);
    });

    it('can be read in pages of 10,000 without holding up the event loop for the whole of it', async () => {
      const database = await open();
      await database.append({ notes: someNotes(25_000) });
      let turns = 0;
      const ticking = setInterval(() => turns++, 1);
      const seen = new Set<number>();
      for (let from = -1, size = 10_000; size === 10_000;) {
        const page = await database.read((db) =>
          db.selectFrom('notes').selectAll().where('id', '>', from).orderBy('id').limit(10_000).execute(),
        );
        for (const { id } of page) seen.add(id);
        from = page.at(-1)?.id ?? from;
        size = page.length;
      }
      clearInterval(ticking);
      expect(seen.size).toBe(25_000);
      expect(turns).toBeGreaterThan(3);
    });

    it('of several megabytes are taken', async () => {
      const database = await open();
      const body = 'x'.repeat(3_000_000);
      await Promise.all([1, 2, 3].map((id) => database.append({ notes: [{ id, body, tags: { body } }] })));
      const lengths = await database.read((db) =>
        db
          .selectFrom('notes')
          .select(sql<number>`length(body)`.as('n'))
          .execute(),
      );
      expect(lengths.map((row) => row.n)).toEqual([3_000_000, 3_000_000, 3_000_000]);
    });
  });
}
