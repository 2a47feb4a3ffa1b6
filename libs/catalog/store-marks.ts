import type { CatalogStorage } from './storage.js';

/** To make a statement of more would hold up everything else for too long. */
const CHUNK = 100;

/** How the files of stores looked when this server last had closed them: a text for each, by which another file in their place is suspected. */
export class StoreMarks {
  constructor(private readonly storage: CatalogStorage) {}

  async all(): Promise<Map<string, string>> {
    const rows = await this.storage.read((db) => db.selectFrom('store_marks').selectAll().execute());
    return new Map(rows.map(({ store_id: storeId, mark }) => [storeId, mark]));
  }

  /** Remembers the marks of some stores, by their ids. */
  async write(marks: ReadonlyMap<string, string>): Promise<void> {
    const rows = [...marks].map(([store_id, mark]) => ({ store_id, mark }));
    for (let from = 0; from < rows.length; from += CHUNK) {
      const chunk = rows.slice(from, from + CHUNK);
      const ids = chunk.map(({ store_id }) => store_id);
      await this.storage.transact(async (tx) => {
        await tx.deleteFrom('store_marks').where('store_id', 'in', ids).execute();
        await tx.insertInto('store_marks').values(chunk).execute();
      });
    }
  }
}
