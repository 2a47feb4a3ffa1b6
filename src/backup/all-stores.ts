import type { Catalog, Store } from '#catalog';

const PAGE = 500;

/** All stores that a catalog names, but those that were erased. */
export async function allStores({ stores }: Pick<Catalog, 'stores'>): Promise<Store[]> {
  const all: Store[] = [];
  for (let after: string | null = null; ;) {
    const page = await stores.list({ limit: PAGE, after });
    all.push(...page.items.filter(({ state }) => state !== 'erased'));
    if (page.next === null) return all;
    after = page.next;
  }
}
