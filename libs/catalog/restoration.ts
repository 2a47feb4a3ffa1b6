import { Conflict, uuidv7 } from '#core';
import type { AuditTrail } from './audit-trail.js';
import type { AliasRow, StoreRow, UserRow } from './schema.js';
import type { CatalogStorage } from './storage.js';
import type { StorePlace } from './stores.js';
import type { Identity } from './users.js';

/** A store as it was found, with what its owner row says of the person it belongs to. */
export interface FoundStore extends StorePlace, Identity {
  readonly storeId: string;
  readonly userId: string;
  /**
   * All identities of the person; the canonical one (`issuer`, `name`) may be among them. None where they were given to another person, with all
   * content.
   */
  readonly aliases: readonly Identity[];
  readonly createdAt: string;
}

/** What became of a found store. */
export interface RestoredStore {
  readonly store: FoundStore;
  /** Why it was left out, as the rest of a sentence that begins with the store; null when it was restored. */
  readonly leftOut: string | null;
  /** Identities that another found store claims as well: they were bound to neither. */
  readonly contestedAliases: readonly Identity[];
}

/**
 * Writes the people and the stores of a lost catalog anew: same ids, same places. What two stores claim is given to neither, because a wrong guess
 * would show one person another one's memory.
 */
export class Restoration {
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /** Restores what can be, all in one transaction. @throws Conflict when the catalog already knows somebody. */
  async run(found: readonly FoundStore[]): Promise<readonly RestoredStore[]> {
    const results = judge(found);
    const restored = results.filter(({ leftOut }) => leftOut === null);
    const now = this.storage.now();
    await this.storage.transact(async (tx) => {
      const anybody = await tx.selectFrom('users').select('user_id').limit(1).executeTakeFirst();
      if (anybody) throw new Conflict('The catalog already knows people. Only an empty one is filled from the stores.');
      for (const part of parts(restored)) {
        await tx.insertInto('users').values(part.map(userRow)).execute();
        await tx
          .insertInto('aliases')
          .values(part.flatMap((result) => aliasRows(result, this.storage.clock.now())))
          .execute();
        await tx
          .insertInto('stores')
          .values(part.map(({ store }) => storeRow(store, now)))
          .execute();
      }
      await this.audit.write(tx, 'system', 'catalog.restored', 'catalog', { found: found.length, restored: restored.length });
    });
    return results;
  }
}

const ROWS_AT_ONCE = 200;

function* parts<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) yield rows.slice(from, from + ROWS_AT_ONCE);
}

function userRow({ store: { userId, issuer, name, createdAt } }: RestoredStore): UserRow {
  return { user_id: userId, issuer, canonical_name: name, created_at: createdAt };
}

function aliasRows({ store, contestedAliases }: RestoredStore, nowMs: number): AliasRow[] {
  const contested = new Set(contestedAliases.map(keyOf));
  return identitiesOf(store)
    .filter((identity) => !contested.has(keyOf(identity)))
    .map(({ issuer, name }) => ({ issuer, name, alias_id: uuidv7(nowMs), user_id: store.userId, created_at: store.createdAt }));
}

function storeRow({ storeId, userId, backend, location, createdAt }: FoundStore, now: string): StoreRow {
  return {
    store_id: storeId,
    user_id: userId,
    backend,
    location,
    state: 'active',
    may_have_work: true,
    created_at: createdAt,
    updated_at: now,
  };
}

function judge(all: readonly FoundStore[]): RestoredStore[] {
  const merged = mergedAmong(all);
  const found = all.filter((store) => !merged.has(store));
  return [...judgeClaims(found), ...[...merged].map(([store, leftOut]) => ({ store, leftOut, contestedAliases: [] }))];
}

/** Those that were archived when their content and their names went to another store that was found, and why they are left out. */
function mergedAmong(found: readonly FoundStore[]): ReadonlyMap<FoundStore, string> {
  const bearers = new Map(found.flatMap((store) => store.aliases.map((alias) => [keyOf(alias), store] as const)));
  return new Map(
    found
      .filter(({ aliases }) => aliases.length === 0)
      .flatMap((store) => {
        const bearer = bearers.get(keyOf(store));
        return bearer ? [[store, `was merged into the memory of user ${bearer.userId}, who has its name now`] as const] : [];
      }),
  );
}

function judgeClaims(found: readonly FoundStore[]): RestoredStore[] {
  const users = countBy(found.map(({ userId }) => userId));
  const stores = countBy(found.map(({ storeId }) => storeId));
  const places = countBy(found.map(placeKey));
  const canonical = countBy(found.map(keyOf));
  // Stores that are left out claim their identities too: nobody else may have them.
  const claims = countBy(found.flatMap((store) => identitiesOf(store).map(keyOf)));
  const refusalOf = (store: FoundStore): string | null => {
    if ((users.get(store.userId) ?? 0) > 1) return 'is one of several of the same user';
    if ((stores.get(store.storeId) ?? 0) > 1) return 'has the same store id as another one';
    if ((places.get(placeKey(store)) ?? 0) > 1) return 'is in the same place as another one';
    if ((canonical.get(keyOf(store)) ?? 0) > 1) return 'belongs to a name that another one belongs to as well';
    return null;
  };
  return found.map((store) => {
    const further = identitiesOf(store).slice(1);
    return { store, leftOut: refusalOf(store), contestedAliases: further.filter((identity) => (claims.get(keyOf(identity)) ?? 0) > 1) };
  });
}

/** Each identity once, the canonical one first. */
function identitiesOf({ issuer, name, aliases }: FoundStore): Identity[] {
  const all = [{ issuer, name }, ...aliases];
  return [...new Map(all.map((identity) => [keyOf(identity), identity])).values()];
}

function keyOf({ issuer, name }: Identity): string {
  return JSON.stringify([issuer, name]);
}

function placeKey({ backend, location }: StorePlace): string {
  return JSON.stringify([backend, location]);
}

function countBy(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
