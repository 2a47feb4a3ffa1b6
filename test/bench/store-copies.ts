import { constants, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { duckDbKey, openDuckDb, type DuckDbLocation } from '#database';
import { MemoryStore, type MemoryTables, type Owner } from '#memory';

/** The name of the file that is copied. */
export const TEMPLATE = 'template.db';

/**
 * The memories of many people: copies of one file, each opened as what it is, a file of its own. They all name the owner of the first, which is
 * looked up and compared as always; so no time goes into making each.
 */
export class StoreCopies {
  readonly #folder: string;
  readonly #owner: Owner;

  private constructor(folder: string, owner: Owner) {
    this.#folder = folder;
    this.#owner = owner;
  }

  /** @param folder has the template in it. */
  static async of(folder: string): Promise<StoreCopies> {
    const database = await openDuckDb<MemoryTables>({ directory: folder, file: TEMPLATE }, { create: false });
    const store = await MemoryStore.open(database, TEMPLATE, null, false);
    try {
      const owner = await store.read((memory) => memory.owner.find());
      if (!owner) throw new Error('The template has no owner.');
      return new StoreCopies(folder, owner);
    } finally {
      await store.close();
    }
  }

  async make(count: number): Promise<void> {
    for (let user = 0; user < count; user++)
      await copyFile(join(this.#folder, TEMPLATE), join(this.#folder, this.#file(user)), constants.COPYFILE_FICLONE);
  }

  /** What the registry knows the memory of a user by. */
  key(user: number): Promise<string> {
    return duckDbKey(this.#place(user));
  }

  /** Opens the memory of a user as the server does. */
  async open(user: number): Promise<MemoryStore> {
    const database = await openDuckDb<MemoryTables>(this.#place(user), { create: false });
    return MemoryStore.open(database, this.#file(user), this.#owner, false);
  }

  #file(user: number): string {
    return `user-${user}.db`;
  }

  #place(user: number): DuckDbLocation {
    return { directory: this.#folder, file: this.#file(user) };
  }
}

/** Reads a page of what somebody did, so that a store is not only open but used. */
export async function use(store: MemoryStore): Promise<void> {
  const messages = await store.read((memory) => memory.messages.list({}, 50));
  if (messages.length !== 50) throw new Error('A memory has not what it should have.');
}
