import type { CatalogStorage } from './storage.js';

/** What a catalog was begun with, by name, and must never find changed. Values are no secrets. */
export class Facts {
  constructor(private readonly storage: CatalogStorage) {}

  /** The fact that is in the catalog, which is `value` when there was none. */
  keep(name: string, value: string): Promise<string> {
    return this.storage.transact(async (tx) => {
      const known = await tx.selectFrom('facts').select('value').where('name', '=', name).executeTakeFirst();
      if (known) return known.value;
      await tx.insertInto('facts').values({ name, value }).execute();
      return value;
    });
  }
}
