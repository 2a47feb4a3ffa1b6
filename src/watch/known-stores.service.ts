import { Injectable } from '@nestjs/common';
import type { Store } from '#catalog';
import { CatalogService } from '../catalog/catalog.service.js';

const PAGE = 500;

/** The stores whose files belong into the memory directory. They are read again only when one has come, gone or changed. */
@Injectable()
export class KnownStores {
  #changes = -1;
  #stores: readonly Store[] = [];

  constructor(private readonly catalog: CatalogService) {}

  async list(): Promise<readonly Store[]> {
    const { changes } = this.catalog.stores;
    if (changes === this.#changes) return this.#stores;
    const stores: Store[] = [];
    for (let after: string | null = null; ;) {
      const page = await this.catalog.stores.list({ limit: PAGE, after });
      stores.push(...page.items.filter(({ backend, state }) => backend === 'duckdb' && state !== 'erased'));
      if (page.next === null) break;
      after = page.next;
    }
    this.#stores = stores;
    this.#changes = changes;
    return stores;
  }
}
