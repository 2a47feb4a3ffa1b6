import { Catalog, type CatalogPage, type User } from '#catalog';
import { CATALOG_FILE } from '../../catalog/catalog-files.js';
import { textTable } from '../text-table.js';

const LEFT = (title: string) => ({ title, align: 'left' }) as const;

/** The people of a catalog and where their memories are, as lines to print. @throws DatabaseMissing, DatabaseHeld while a server runs. */
export async function listCatalog(directory: string): Promise<string[]> {
  await using catalog = await Catalog.open({ directory, file: CATALOG_FILE }, { create: false });
  const rows: string[][] = [];
  for (let after: string | null = null; ;) {
    const page: CatalogPage<User> = await catalog.users.list({ limit: 500, after });
    for (const { userId, issuer, name } of page.items) {
      const store = await catalog.stores.find(userId);
      const aliases = await catalog.aliases.list(userId);
      rows.push([userId, issuer, name, String(aliases.length), store?.state ?? 'none yet', store?.location ?? '']);
    }
    if (page.next === null) break;
    after = page.next;
  }
  const columns = [
    LEFT('user id'),
    LEFT('issuer'),
    LEFT('name'),
    { title: 'aliases', align: 'right' } as const,
    LEFT('memory'),
    LEFT('file'),
  ];
  return textTable(columns, rows);
}
