import type { MemoryStore } from '#memory';
import type { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { Memories } from './memories.js';
import type { Person } from './people.js';
import type { UnassignedMemory } from '../db-connection/unassigned-memory.service.js';

/** The memories of people themselves. */
export class LiveMemories implements Memories {
  /** @param userIds by key of a person: whoever the catalog did not know has been entered in it. */
  constructor(
    private readonly db: DbConnectionService,
    private readonly unassigned: UnassignedMemory,
    private readonly userIds: ReadonlyMap<string, string>,
  ) {}

  lend<T>(person: Person | null, fn: (store: MemoryStore) => Promise<T>): Promise<T> {
    return person === null ? this.unassigned.lend(fn) : this.db.lendOf(this.#userIdOf(person), fn);
  }

  release(person: Person | null): Promise<void> {
    return person === null ? this.unassigned.release() : this.db.releaseOf(this.#userIdOf(person));
  }

  #userIdOf({ key }: Person): string {
    const userId = this.userIds.get(key);
    if (userId === undefined) throw new TypeError(`The run has no user for the person ${key}.`);
    return userId;
  }
}
