import type { DuckDBConnection } from '@duckdb/node-api';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '#core';
import { DatabaseClosing, DatabaseCorrupt } from '../errors.js';
import { Connection } from './connection.js';
import { contentOf, identifier, tablesOf } from './content.js';
import { copyDraft, removeDraft } from './drafts.js';
import { moveFile } from './move-file.js';
import { isLookedAt, translate } from './native-errors.js';
import { ATTACH_OPTIONS, quote } from './statements.js';

const ATTEMPT_MS = 20;
const MOST_ATTEMPTS = 1_500;

/**
 * Copies of the database `store`, one at a time, each made in a transaction of its own connection: writers go on meanwhile. The engine's own `copy
 * from database` can't be part of a transaction while the settings are locked, so nobody could say of which snapshot it made a copy; and it is
 * table by table that a copy is to be compared. Tables are copied with their constraints; there are no views, indexes or sequences in our databases.
 */
export class Copies {
  #last: Promise<unknown> = Promise.resolve();
  #connection: Connection | null = null;
  #refusing = false;

  constructor(
    private readonly path: string,
    private readonly name: string,
    private readonly connect: () => Promise<DuckDBConnection>,
  ) {}

  /** @throws Conflict when something is at `destination`; DatabaseFull, DatabaseCorrupt, DatabaseClosing and the other errors of the engine */
  to(destination: string): Promise<void> {
    const turn = this.#last.then(() => this.#copy(destination));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when no copy is under way or waits. */
  async drain(): Promise<void> {
    for (let last = null; last !== this.#last;) {
      last = this.#last;
      await last;
    }
  }

  /** Ends the copy that is being made, and those that wait. */
  async cutOff(): Promise<void> {
    this.#refusing = true;
    await this.#connection?.cutOff();
    await this.drain();
    this.#refusing = false;
  }

  async #copy(destination: string): Promise<void> {
    if (this.#refusing) throw new DatabaseClosing();
    const draft = copyDraft(this.path);
    try {
      // Even if the folder was removed together with the file.
      await mkdir(dirname(draft), { recursive: true, mode: 0o700 });
      await removeDraft(draft);
      await this.#draft(draft);
      await moveFile(draft, destination);
    } catch (error) {
      throw translate(error, this.name);
    } finally {
      await removeDraft(draft);
    }
  }

  async #draft(draft: string): Promise<void> {
    // A fatal error of the copy is not one of the database: each is given up by itself.
    const connection = new Connection(await this.connect(), { name: this.name, onFatal: () => undefined });
    this.#connection = connection;
    try {
      await this.#make(connection, draft);
    } finally {
      this.#connection = null;
      await connection.conclude('use memory', 'detach database if exists copy').catch(() => undefined);
      await connection.close();
    }
  }

  async #make(connection: Connection, draft: string): Promise<void> {
    await undisturbed(connection, `attach ${quote(draft)} as copy ${ATTACH_OPTIONS}`);
    await chmod(draft, 0o600);
    await connection.execute('use copy');
    await connection.execute('begin transaction');
    const query = (statement: string): ReturnType<Connection['query']> => connection.query(statement);
    const tables = await tablesOf(query);
    for (const { name, definition } of tables) {
      await connection.execute(definition);
      await connection.execute(`insert into copy.${identifier(name)} select * from store.${identifier(name)}`);
    }
    const original = await contentOf(query, 'store', tables);
    await connection.execute('commit');
    await connection.execute('use memory');
    // This writes all of it to the disk. Attached anew it is read from there.
    await undisturbed(connection, 'checkpoint copy');
    await connection.execute('detach copy');
    await undisturbed(connection, `attach ${quote(draft)} as copy (read_only)`);
    const copied = await contentOf(query, 'copy', tables);
    await connection.execute('detach copy');
    for (const [table, { rows, hash }] of original) {
      const copy = copied.get(table);
      if (copy?.rows !== rows || copy.hash !== hash)
        throw new DatabaseCorrupt(this.name, `the copy of its table ${table} is not equal to it`);
    }
  }
}

/** Runs a statement about the copy when nobody looks at it: a transaction that has listed all there is holds on to it until it ends. */
async function undisturbed(connection: Connection, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.execute(statement);
      return;
    } catch (error) {
      if (!isLookedAt(error) || attempt === MOST_ATTEMPTS) throw error;
      await systemClock.sleep(ATTEMPT_MS);
    }
  }
}
