import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { openDuckDb, type Database } from '#database';
import type { MemoryTables } from '../tables.js';
import type { MemoryHarness } from './harness.js';

/** Opens the file at `place` as a memory's database. */
export function openMemory(place: string): Promise<Database<MemoryTables>> {
  return openDuckDb<MemoryTables>({ directory: dirname(place), file: basename(place) }, { create: true });
}

/** DuckDB files in a folder that lives as long as a test. */
export class DuckDbMemoryHarness implements MemoryHarness {
  #folder: Promise<string> | null = null;
  #open: Database<MemoryTables>[] = [];

  async open(name: string): Promise<Database<MemoryTables>> {
    const database = await openMemory(await this.#place(name));
    this.#open.push(database);
    return database;
  }

  async elsewhere(name: string): Promise<{ module: string; place: string }> {
    return { module: import.meta.filename, place: await this.#place(name) };
  }

  async cleanup(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((database) => database.close()));
    if (this.#folder) await rm(await this.#folder, { recursive: true });
    this.#folder = null;
  }

  async #place(name: string): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'memory-'));
    return join(await this.#folder, `${name}.db`);
  }
}
