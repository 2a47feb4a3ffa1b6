import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import type { DoomedStore } from '#catalog';
import { DatabaseCorrupt, DatabaseMissing, openDuckDb, StatementFailed, syncPath } from '#database';
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

/** Removes memories for good: the file, what is beside it under its name, and what was rescued of it. */
@Injectable()
export class MemoryRemover {
  readonly #log = new Logger(MemoryRemover.name);

  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly rescues: RescuesService,
  ) {}

  /** Closes a memory that nobody is lent any more, and removes it. What is gone already is passed over. */
  async remove({ storeId, userId, location }: DoomedStore): Promise<RemovedMemory> {
    await this.db.withhold(userId);
    const rescued = await this.rescues.forget(storeId);
    const foreign = await this.#isForeign(storeId, location);
    const directory = this.config.memoryDir;
    const names = (await readdir(directory)).filter((name) => name === location || name.startsWith(`${location}.`));
    // A log goes with its file.
    const doomed = foreign ? names.filter((name) => name !== location && !name.startsWith(`${location}.wal`)) : names;
    let bytes = 0;
    for (const name of doomed) {
      bytes += await lstat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      );
      await rm(join(directory, name), { recursive: true, force: true });
    }
    if (doomed.length > 0) await syncPath(directory);
    if (foreign)
      this.#log.warn({ storeId, userId, file: location }, 'the file in the place of an erased memory is not that memory; it stays');
    return { files: doomed.length, bytes, rescued, foreign: foreign ? location : null };
  }

  /** Whether somebody has put another person's memory there. What can't be read is taken for what it was meant to be. */
  async #isForeign(storeId: string, file: string): Promise<boolean> {
    try {
      const database = await openDuckDb<MemoryTables>(
        { directory: this.config.memoryDir, file },
        { create: false, readers: 1, memoryLimitMb: 128 },
      );
      const memory = await MemoryStore.open(database, file, null, false);
      try {
        const owner = await memory.read((readers) => readers.owner.find());
        return owner !== null && owner.store_id !== storeId;
      } finally {
        await memory.close();
      }
    } catch (error) {
      if (error instanceof DatabaseMissing || error instanceof DatabaseCorrupt || error instanceof StatementFailed) return false;
      throw error;
    }
  }
}
