import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentId, uuidv7 } from '#core';
import { DatabaseRegistry } from '#database';
import type { MemoryStore } from '#memory';
import type { CatalogService } from '../catalog/catalog.service.js';
import type { DbConnectionService } from '../db-connection/db-connection.service.js';
import { nobody, openOutside } from '../db-connection/outside-memory.js';
import type { UnassignedMemory } from '../db-connection/unassigned-memory.service.js';
import type { Memories } from './memories.js';
import type { Person } from './people.js';

/** How many copies are open at once. */
const MAX_OPEN = 8;

/**
 * Copies of people's memories as they are now, in which a plan is tried out as a run would be, and which are thrown away then. So a plan can't come to
 * another decision than the run, and nobody waits for it.
 */
export class ScratchMemories implements Memories, AsyncDisposable {
  readonly #registry = new DatabaseRegistry<MemoryStore>({ maxOpen: MAX_OPEN });
  /** By key, whether there was a memory to copy. */
  readonly #copied = new Map<string, Promise<boolean>>();
  readonly #folder: string;

  /** What a crash left of an earlier plan is removed: only one is made at a time. @param dataDir of the server */
  static async empty(
    dataDir: string,
    ...lenders: [catalog: Pick<CatalogService, 'stores'>, db: DbConnectionService, unassigned: UnassignedMemory]
  ): Promise<ScratchMemories> {
    const root = join(dataDir, 'migration', 'scratch');
    await rm(root, { recursive: true, force: true });
    return new ScratchMemories(root, ...lenders);
  }

  private constructor(
    root: string,
    private readonly catalog: Pick<CatalogService, 'stores'>,
    private readonly db: DbConnectionService,
    private readonly unassigned: UnassignedMemory,
  ) {
    this.#folder = join(root, uuidv7());
  }

  async lend<T>(person: Person | null, fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    const key = keyOf(person);
    const file = `${key}.db`;
    const copied = this.#copied.get(key) ?? this.#copy(person, join(this.#folder, file));
    this.#copied.set(key, copied);
    const owner = (await copied) ? null : nobody(key, 'plan');
    return this.#registry.lend(key, () => openOutside(this.#folder, file, owner), fn);
  }

  async release(person: Person | null): Promise<void> {
    await this.#registry.release(keyOf(person));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #copy(person: Person | null, path: string): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if (person === null) {
      await this.unassigned.lend((store) => store.copyTo(path));
      return true;
    }
    const { userId } = person;
    if (userId === null || (await this.catalog.stores.find(userId)) === null) return false;
    await this.db.lendOf(userId, (store) => store.copyTo(path));
    return true;
  }
}

function keyOf(person: Person | null): string {
  return contentId({ person: person?.key ?? null });
}
