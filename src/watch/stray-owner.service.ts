import { randomUUID } from 'node:crypto';
import { chmod, constants, copyFile, mkdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { openDuckDb } from '#database';
import { MemoryStore, type MemoryTables } from '#memory';
import { Config } from '../config/config.js';
import { LOOKED_INTO } from '../config/data-files.js';

const MB = 1024 * 1024;
/** Larger files are not copied to be looked into. */
const LARGEST = 1024 * MB;
/** What must stay free on the disk beside a copy. */
const SPARE = 256 * MB;

export interface NamedOwner {
  readonly storeId: string;
  readonly userId: string;
}

/** Asks files that nobody knows whose memory they say they are. They are read from private copies and never touched. */
@Injectable()
export class StrayOwner implements OnModuleInit {
  readonly #folder: string;

  constructor(config: Config) {
    this.#folder = join(config.dataDir, LOOKED_INTO);
  }

  /** What a crash left. */
  async onModuleInit(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The owner that a DuckDB file names; null when it names none, can't be read, or is too large to be copied. */
  async find(path: string): Promise<NamedOwner | null> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = `${randomUUID()}.db`;
    const copy = join(this.#folder, file);
    try {
      return (await this.#copy(path, copy)) ? await this.#ownerIn(file) : null;
    } catch {
      // Whatever it is, it is not ours.
      return null;
    } finally {
      for (const left of [copy, `${copy}.wal`, `${copy}.tmp`]) await rm(left, { recursive: true, force: true });
    }
  }

  /** @returns false when there is no room for it. */
  async #copy(path: string, copy: string): Promise<boolean> {
    const log = await stat(`${path}.wal`).catch(() => null);
    const bytes = (await stat(path)).size + (log?.size ?? 0);
    const { bavail, bsize } = await statfs(this.#folder);
    if (bytes > LARGEST || bavail * bsize < bytes + SPARE) return false;
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    await chmod(copy, 0o600);
    if (!log?.isFile()) return true;
    await copyFile(`${path}.wal`, `${copy}.wal`, constants.COPYFILE_FICLONE);
    await chmod(`${copy}.wal`, 0o600);
    return true;
  }

  async #ownerIn(file: string): Promise<NamedOwner | null> {
    const location = { directory: this.#folder, file };
    const database = await openDuckDb<MemoryTables>(location, { create: false, readers: 1, memoryLimitMb: 128 });
    const memory = await MemoryStore.open(database, file, null, false);
    try {
      const owner = await memory.read(({ owner }) => owner.find());
      return owner ? { storeId: owner.store_id, userId: owner.user_id } : null;
    } finally {
      await memory.close();
    }
  }
}
