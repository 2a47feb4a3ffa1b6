import { isDeepStrictEqual } from 'node:util';
import { Conflict, NotFound } from '#core';
import type { AuditTrail } from './audit-trail.js';
import type { CatalogStorage, CatalogTransaction } from './storage.js';
import type { StoreState } from './stores.js';

/** What one person hands over to another: the identities, once the content of the store is there. */
export interface Handover {
  readonly fromUserId: string;
  readonly intoUserId: string;
  /** The store of `fromUserId`, which is archived by it. */
  readonly storeId: string;
  /** All aliases of `fromUserId`. */
  readonly aliasIds: readonly string[];
}

/** Two memories of one person have become one: the names of the one open the other from then on, or no longer. */
export class Handovers {
  /** @param changed is called after each change: whose identity, key and store is whose is not what it was. */
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
    private readonly changed: () => void,
  ) {}

  /**
   * Archives a store that is `moving`, gives its person's identities to the other person, and revokes the API keys: all or nothing. Repeated, it changes
   * nothing.
   * @throws NotFound; Conflict when the identities are others by now, the store is neither moving nor archived, or the other person's is not active.
   */
  async handOver({ fromUserId, intoUserId, storeId, aliasIds }: Handover, actor: string): Promise<void> {
    await this.storage.transact(async (tx) => {
      const state = await stateOf(tx, storeId, fromUserId);
      if (state === 'archived') return;
      if (state !== 'moving') throw new Conflict(`The store ${storeId} is ${state}, not moving.`);
      await assertActive(tx, intoUserId);
      const rows = await tx.selectFrom('aliases').select('alias_id').where('user_id', '=', fromUserId).orderBy('alias_id').execute();
      if (!isDeepStrictEqual(rows.map(({ alias_id }) => alias_id).sort(), aliasIds.toSorted()))
        throw new Conflict(`The identities of user ${fromUserId} were changed while their memory was merged. Merge it again.`);
      await tx.updateTable('aliases').set({ user_id: intoUserId }).where('user_id', '=', fromUserId).execute();
      await tx
        .updateTable('api_keys')
        .set({ revoked_at: this.storage.now() })
        .where('user_id', '=', fromUserId)
        .where('revoked_at', 'is', null)
        .execute();
      await this.#move(tx, storeId, 'archived');
      await this.audit.write(tx, actor, 'user.merged', fromUserId, { intoUserId, storeId, aliases: aliasIds.length });
    });
    this.changed();
  }

  /**
   * Makes the archived store active again and gives its person the identities back, those that the other person still has. API keys stay revoked. Repeated,
   * it changes nothing.
   * @throws NotFound; Conflict when the store is neither archived nor active.
   */
  async giveBack({ fromUserId, intoUserId, storeId, aliasIds }: Handover, actor: string): Promise<void> {
    await this.storage.transact(async (tx) => {
      const state = await stateOf(tx, storeId, fromUserId);
      if (state === 'active') return;
      if (state !== 'archived') throw new Conflict(`The store ${storeId} is ${state}, not archived.`);
      for (const aliasId of aliasIds)
        await tx
          .updateTable('aliases')
          .set({ user_id: fromUserId })
          .where('alias_id', '=', aliasId)
          .where('user_id', '=', intoUserId)
          .execute();
      await this.#move(tx, storeId, 'active');
      await this.audit.write(tx, actor, 'user.unmerged', fromUserId, { intoUserId, storeId });
    });
    this.changed();
  }

  async #move(tx: CatalogTransaction, storeId: string, state: StoreState): Promise<void> {
    await tx.updateTable('stores').set({ state, updated_at: this.storage.now() }).where('store_id', '=', storeId).execute();
  }
}

async function stateOf(tx: CatalogTransaction, storeId: string, userId: string): Promise<StoreState> {
  const row = await tx
    .selectFrom('stores')
    .select('state')
    .where('store_id', '=', storeId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!row) throw new NotFound('store', storeId);
  return row.state as StoreState;
}

async function assertActive(tx: CatalogTransaction, userId: string): Promise<void> {
  const row = await tx.selectFrom('stores').select('state').where('user_id', '=', userId).where('state', '!=', 'erased').executeTakeFirst();
  if (row?.state !== 'active') throw new Conflict(`The memory of user ${userId} is ${row?.state ?? 'not there'}, not active.`);
}
