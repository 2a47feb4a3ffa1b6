import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Database } from '../database.js';
import { duckDbKey, openDuckDb, type DuckDbOptions } from '../duckdb/open.js';
import type { DatabaseHarness } from './harness.js';

/** DuckDB files in a folder that lives as long as a test. */
export class DuckDbHarness implements DatabaseHarness {
  readonly slowQuery = sql`select count(*) from range(200000) a, range(200000) b where a.range + b.range = 3`;
  readonly copyAt = async (name: string): Promise<string> => join(await this.directory(), `${name}.db`);
  #folder: Promise<string> | null = null;
  #open: { close(): Promise<void> }[] = [];

  directory(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'database-'));
    return this.#folder;
  }

  async key(name: string): Promise<string> {
    return duckDbKey({ directory: await this.directory(), file: `${name}.db` });
  }

  async open<Tables>(name: string, options: Partial<DuckDbOptions> = {}): Promise<Database<Tables>> {
    const location = { directory: await this.directory(), file: `${name}.db` };
    const database = await openDuckDb<Tables>(location, { create: true, ...options });
    this.#open.push(database);
    return database;
  }

  async cleanup(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((database) => database.close()));
    if (this.#folder) await rm(await this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }
}
