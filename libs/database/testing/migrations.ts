import { describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Migrations } from '../database.js';
import { DatabaseNewer } from '../errors.js';
import { migrate, pendingMigrations } from '../migrator.js';
import { noteMigrations, someNotes, type NoteTables, type OpenNotes } from './harness.js';

export function migrationRules(open: OpenNotes): void {
  describe('migrations', () => {
    it('run once each, in order, and survive reopening', async () => {
      const ran: string[] = [];
      const later = Object.fromEntries(['0002-b', '0010-c'].map((name) => [name, async () => void ran.push(name)]));
      const database = await open();
      expect(await pendingMigrations(database, { ...noteMigrations, ...later })).toEqual(['0002-b', '0010-c']);
      expect(await migrate(database, { ...noteMigrations, ...later }, 'one')).toEqual(['0002-b', '0010-c']);
      expect(await pendingMigrations(database, { ...noteMigrations, ...later })).toEqual([]);
      expect(await migrate(database, { ...noteMigrations, ...later }, 'one')).toEqual([]);
      expect(ran).toEqual(['0002-b', '0010-c']);
      await database.close();
      // The release that knows only the first step.
      await expect(open()).rejects.toBeInstanceOf(DatabaseNewer);
    });

    it('leave nothing of a step that failed, and all of those before it', async () => {
      const database = await open();
      const half: Migrations<NoteTables> = {
        ...noteMigrations,
        '0002-works': async (db) => void (await sql`create table whole (id integer)`.execute(db)),
        '0003-fails': async (db) => void (await sql`create table half (id integer)`.execute(db)),
      };
      const failing = {
        ...half,
        '0003-fails': async (...step: Parameters<(typeof half)[string]>) => {
          await half['0003-fails']?.(...step);
          throw new Error('half-way');
        },
      };
      await expect(migrate(database, failing, 'one')).rejects.toThrow('half-way');
      expect(await migrate(database, half, 'one')).toEqual(['0003-fails']);
    });

    it('are known to appends that come after', async () => {
      const database = await open();
      await database.append({ notes: someNotes(1) });
      const wider: Migrations<NoteTables & { notes: { mood: string } }> = {
        ...noteMigrations,
        '0002-mood': async (db) => void (await sql`alter table notes add column mood varchar`.execute(db)),
      };
      await migrate(database, wider, 'one');
      await database.append({ notes: [{ id: 2, mood: 'fine' } as { id: number }] });
      const rows = await database.read((db) => sql`select id, mood from notes order by id`.execute(db));
      expect(rows.rows).toEqual([
        { id: 0, mood: null },
        { id: 2, mood: 'fine' },
      ]);
    });
  });
}
