import { Conflict, IdentityChanged, NotFound, uuidv7 } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { claimsOf, type Lookalike } from './claims.js';
import type { IdentityFlips } from './identity-flips.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import { Recent } from './recent.js';
import type { StoreRow } from './schema.js';
import type { CatalogStorage, CatalogTransaction } from './storage.js';

export type StoreBackend = 'duckdb' | 'postgres';
export type StoreState = 'provisioning' | 'active' | 'moving' | 'archived' | 'erased';

/** Where a person's memory is. The location is fixed when the store is made: a file name relative to the memory directory, or a schema. */
export interface Store {
  readonly storeId: string;
  readonly userId: string;
  readonly backend: StoreBackend;
  readonly location: string;
  readonly state: StoreState;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface StorePlace {
  readonly backend: StoreBackend;
  readonly location: string;
}

const NEXT: Readonly<Record<StoreState, readonly StoreState[]>> = {
  provisioning: ['active', 'erased'],
  active: ['moving', 'archived', 'erased'],
  moving: ['active', 'archived'],
  archived: ['active', 'erased'],
  erased: [],
};

/** Which memory is whose: one for each person, none for two. */
export class Stores {
  readonly #byUser = new Recent<Store>(10_000);
  /** Whose stores were given work since this process began. */
  readonly #busy = new Set<string>();
  #changes = 0;

  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
    private readonly flips: IdentityFlips,
  ) {}

  /** The person's store that is not erased, or null. */
  find(userId: string): Promise<Store | null> {
    return this.#byUser.get(userId, async () => {
      const row = await this.storage.read((db) =>
        db.selectFrom('stores').selectAll().where('user_id', '=', userId).where('state', '!=', 'erased').executeTakeFirst(),
      );
      return row ? toStore(row) : null;
    });
  }

  /**
   * The person's store, entered as `provisioning` at `place` when there is none. An existing one stays where it is, whatever `place` says.
   * @throws NotFound when there is no such person, or nobody who could log in as them; Conflict when the place is another store's;
   * IdentityChanged when the person's tokens carry names of somebody who has a memory.
   */
  async provision(userId: string, place: StorePlace): Promise<Store> {
    const store = await this.storage.transact(async (tx): Promise<Store | Lookalike> => {
      const own = await tx.selectFrom('stores').selectAll().where('user_id', '=', userId).where('state', '!=', 'erased').executeTakeFirst();
      if (own) return toStore(own);
      const alias = await tx.selectFrom('aliases').select('alias_id').where('user_id', '=', userId).executeTakeFirst();
      if (!alias) throw new NotFound('user', userId);
      const lookalike = await this.#lookalikeOf(tx, userId);
      if (lookalike) return lookalike;
      const taken = await tx
        .selectFrom('stores')
        .select('store_id')
        .where('backend', '=', place.backend)
        .where('location', '=', place.location)
        .where('state', '!=', 'erased')
        .executeTakeFirst();
      if (taken) throw new Conflict(`The place ${place.location} already holds the store ${taken.store_id} of another user.`);
      const now = this.storage.now();
      const row: StoreRow = {
        store_id: uuidv7(this.storage.clock.now()),
        user_id: userId,
        ...place,
        state: 'provisioning',
        may_have_work: true,
        created_at: now,
        updated_at: now,
      };
      await tx.insertInto('stores').values(row).execute();
      await this.audit.write(tx, userId, 'store.provisioned', row.store_id, { backend: place.backend });
      return toStore(row);
    });
    if ('shared' in store) throw new IdentityChanged(store.userId, store.storeId);
    this.forget();
    return store;
  }

  /**
   * Moves a store on: `provisioning → active → moving → active | archived → erased`, with its new place when it has moved.
   * @throws NotFound; Conflict when its present state is not `from`, or `to` does not follow it, or the place is another store's.
   */
  async transition(storeId: string, from: StoreState, to: StoreState, actor: string, place?: StorePlace): Promise<Store> {
    const store = await this.storage.transact(async (tx) => {
      const row = await tx.selectFrom('stores').selectAll().where('store_id', '=', storeId).executeTakeFirst();
      if (!row) throw new NotFound('store', storeId);
      if (row.state !== from) throw new Conflict(`The store ${storeId} is ${row.state}, not ${from}.`);
      if (!NEXT[from].includes(to)) throw new Conflict(`A store that is ${from} can't become ${to}.`);
      const { backend, location } = place ?? row;
      const taken = await tx
        .selectFrom('stores')
        .select('store_id')
        .where('backend', '=', backend)
        .where('location', '=', location)
        .where('store_id', '!=', storeId)
        .where('state', '!=', 'erased')
        .executeTakeFirst();
      if (taken) throw new Conflict(`The place ${location} already holds the store ${taken.store_id}.`);
      const change = { state: to, backend, location, updated_at: this.storage.now() };
      await tx.updateTable('stores').set(change).where('store_id', '=', storeId).execute();
      await this.audit.write(tx, actor, 'store.changed', storeId, { from, to, backend });
      return toStore({ ...row, ...change });
    });
    this.forget();
    return store;
  }

  /** All stores, oldest first, erased ones too. */
  list(page: PageRequest): Promise<CatalogPage<Store>> {
    return this.#list(page, false);
  }

  /** Those in which something may be unfinished, oldest first. */
  listWithWork(page: PageRequest): Promise<CatalogPage<Store>> {
    return this.#list(page, true);
  }

  /** Notes that a person's store may have unfinished work. To be called before the work is written down, so that no crash can come between. */
  async hasWork(userId: string): Promise<void> {
    if (this.#busy.has(userId)) return;
    this.#busy.add(userId);
    try {
      await this.storage.transact((tx) => tx.updateTable('stores').set({ may_have_work: true }).where('user_id', '=', userId).execute());
    } catch (error) {
      this.#busy.delete(userId);
      throw error;
    }
  }

  /** Notes that a person's store had nothing unfinished, unless it was given work since this process began. */
  async hasNoWork(userId: string): Promise<void> {
    if (this.#busy.has(userId)) return;
    await this.storage.transact((tx) => tx.updateTable('stores').set({ may_have_work: false }).where('user_id', '=', userId).execute());
  }

  /** Stores were changed elsewhere. */
  forget(): void {
    this.#changes += 1;
    this.#byUser.forget();
  }

  /** Another number whenever a store may have come, gone or changed: who keeps a list of them asks for that first. */
  get changes(): number {
    return this.#changes;
  }

  /** Whose memory this person's may be, who was here before there was that memory. */
  async #lookalikeOf(tx: CatalogTransaction, userId: string): Promise<Lookalike | null> {
    const user = await tx.selectFrom('users').selectAll().where('user_id', '=', userId).executeTakeFirstOrThrow();
    return this.flips.judge(tx, { issuer: user.issuer, name: user.canonical_name }, await claimsOf(tx, userId), userId);
  }

  async #list({ limit, after }: PageRequest, onlyWithWork: boolean): Promise<CatalogPage<Store>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('stores')
        .selectAll()
        .$if(onlyWithWork, (query) => query.where('may_have_work', '=', true))
        .$if(after !== null, (query) => query.where('store_id', '>', after ?? ''))
        .orderBy('store_id')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(rows, limit, (row) => row.store_id, toStore);
  }
}

function toStore(row: StoreRow): Store {
  return {
    storeId: row.store_id,
    userId: row.user_id,
    backend: row.backend as StoreBackend,
    location: row.location,
    state: row.state as StoreState,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
