import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { contentId } from '#core';
import { DatabaseRegistry } from '#database';
import type { MemoryStore } from '#memory';
import { Config } from '../config/config.js';
import { nobody, openOutside } from './outside-memory.js';

const FOLDER = 'migration';
const FILE = 'unassigned.db';

/** Where it is in the data directory. */
export const UNASSIGNED_PATH = `${FOLDER}/${FILE}`;

/** Rows that nobody can say the owner of, kept with their sealed originals and the reasons. It is no user's, so no token opens it. */
@Injectable()
export class UnassignedMemory implements OnApplicationShutdown {
  readonly #registry = new DatabaseRegistry<MemoryStore>({ maxOpen: 1 });

  constructor(private readonly config: Config) {}

  lend<T>(fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    return this.#registry.lend(FILE, () => this.#open(), fn);
  }

  /** The size of its file, or null when there is none: nobody had need of it yet. */
  async bytes(): Promise<number | null> {
    return (await stat(join(this.config.dataDir, FOLDER, FILE)).catch(() => null))?.size ?? null;
  }

  async release(): Promise<void> {
    await this.#registry.release(FILE);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#registry.close();
  }

  async #open(): Promise<MemoryStore> {
    const folder = join(this.config.dataDir, FOLDER);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return openOutside(folder, FILE, nobody(contentId({ memory: 'unassigned' }), 'unassigned'));
  }
}
