import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import type { DoomedStore } from '#catalog';
import { DatabaseCorrupt, DatabaseMissing, duckDbKey, openDuckDb, StatementFailed, syncPath } from '#database';
import { MemoryStore, type MemoryTables } from '#memory';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { RescuesService } from '../db-connection/rescues.service.js';

/** What was removed of one memory. */
export interface RemovedMemory {
  readonly files: number;
  readonly bytes: number;
  /** Copies in the quarantine. */
  readonly rescued: number;
  /** The name of a file that is in the place of the memory and is somebody else's; null when there is none. */
  readonly foreign: string | null;
}

/** How the names of files go on that the engine makes beside one. */
const BESIDE = ['.wal', '.tmp', '.copy-draft', '.new-'];

/** Removes memories for good: the file, what is beside it under its name, and what was rescued of it. */
@Injectable()
export class MemoryRemover {
  readonly #log = new Logger(MemoryRemover.name);

  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly rescues: RescuesService,
  ) {}

  /** Closes a memory that nobody is lent any more, and removes it while nobody can open it. What is gone already is passed over. */
  remove(store: DoomedStore): Promise<RemovedMemory> {
    return this.db.whileWithheld(store.userId, () => this.#remove(store));
  }

  async #remove({ storeId, userId, location }: DoomedStore): Promise<RemovedMemory> {
    const rescued = await this.rescues.forget(storeId);
    const owner = await this.#ownerOf(storeId, location);
    const directory = this.config.memoryDir;
    const names = (await readdir(directory)).filter((name) => name === location || name.startsWith(`${location}.`));
    // A log goes with its file.
    const foreign = owner === 'other';
    const beside = foreign ? names.filter((name) => name !== location && !name.startsWith(`${location}.wal`)) : names;
    const doomed = [...(owner === 'own' ? await this.#elsewhere(location) : []), ...beside.map((name) => join(directory, name))];
    let bytes = 0;
    for (const path of doomed) {
      bytes += await lstat(path).then(
        ({ size }) => size,
        () => 0,
      );
      await rm(path, { recursive: true, force: true });
    }
    for (const folder of new Set(doomed.map((path) => dirname(path)))) await syncPath(folder);
    if (foreign)
      this.#log.warn({ storeId, userId, file: location }, 'the file in the place of an erased memory is not that memory; it stays');
    return { files: doomed.length, bytes, rescued, foreign: foreign ? location : null };
  }

  /** The files themselves of a memory whose place is a link, to another disk perhaps. */
  async #elsewhere(file: string): Promise<string[]> {
    const directory = this.config.memoryDir;
    const path = await duckDbKey({ directory, file });
    if (path === join(await realpath(directory), file)) return [];
    const name = basename(path);
    const isIts = (other: string): boolean => other === name || BESIDE.some((ending) => other.startsWith(name + ending));
    return (await readdir(dirname(path))).filter(isIts).map((each) => join(dirname(path), each));
  }

  /**
   * Whose memory is there: somebody may have put another person's there. Of what can't be read nobody can say, and in its own place it is taken for what
   * it was meant to be.
   */
  async #ownerOf(storeId: string, file: string): Promise<'own' | 'other' | 'unknown'> {
    try {
      const database = await openDuckDb<MemoryTables>(
        { directory: this.config.memoryDir, file },
        { create: false, readers: 1, memoryLimitMb: 128 },
      );
      const memory = await MemoryStore.open(database, file, null, false);
      try {
        const owner = await memory.read((readers) => readers.owner.find());
        if (owner === null) return 'unknown';
        return owner.store_id === storeId ? 'own' : 'other';
      } finally {
        await memory.close();
      }
    } catch (error) {
      if (error instanceof DatabaseMissing || error instanceof DatabaseCorrupt || error instanceof StatementFailed) return 'unknown';
      throw error;
    }
  }
}
