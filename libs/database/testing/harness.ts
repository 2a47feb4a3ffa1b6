import { sql, type RawBuilder } from 'kysely';
import { migrate } from '../migrator.js';
import type { Database, Migrations } from '../database.js';

/** What the conformance suite needs to know of an engine. */
export interface DatabaseHarness {
  /** Opens the database of that name, which is made when it is not there. Two databases are never open under one name at a time. */
  open<Tables>(name: string): Promise<Database<Tables>>;
  /** What the registry knows it by. */
  key(name: string): Promise<string>;
  /** Where a copy is to be made that `open` finds under `name`; null when the engine makes none. */
  readonly copyAt: ((name: string) => Promise<string>) | null;
  /** A query that takes minutes. */
  readonly slowQuery: RawBuilder<unknown>;
  /** Closes and removes all that was opened. */
  cleanup(): Promise<void>;
}

export interface Note {
  id: number;
  body: string | null;
  sent_at: string | null;
  tags: unknown;
}

export interface NoteTables {
  notes: Note;
}

export const noteMigrations: Migrations<NoteTables> = {
  '0001-notes': async (db, { jsonType, momentType }) => {
    await sql`create table notes (id integer not null primary key, body varchar, sent_at ${sql.raw(momentType)}, tags ${sql.raw(jsonType)})`.execute(
      db,
    );
  },
};

export type OpenNotes = (name?: string) => Promise<Database<NoteTables>>;

/** Opens a database with one table, `notes`. */
export function notesOf(harness: DatabaseHarness): OpenNotes {
  return async (name = 'one') => {
    const database = await harness.open<NoteTables>(name);
    await migrate(database, noteMigrations, name);
    return database;
  };
}

export function countNotes(database: Database<NoteTables>): Promise<number> {
  return database.read(async (db) => {
    const { n } = await db
      .selectFrom('notes')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return n;
  });
}

/** Notes with the ids from `from` on. */
export function someNotes(length: number, from = 0): { id: number; body: string }[] {
  return Array.from({ length }, (_, index) => ({ id: from + index, body: `note ${index}` }));
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
