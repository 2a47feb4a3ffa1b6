import { sha256 } from '#core';
import { isErased } from './forget-person.js';
import type { ClaimRow } from './schema.js';
import type { CatalogTransaction } from './storage.js';

/** The claims of a token that say something of who its person is, those first that change least. */
export const CLAIM_KINDS = ['sub', 'email', 'username', 'preferred_username'] as const;
export type ClaimKind = (typeof CLAIM_KINDS)[number];

/** A name that a token carried, in canonical form, beside the one that it was taken for. */
export interface SeenClaim {
  /** Among whose names it counts. */
  readonly issuer: string;
  readonly kind: ClaimKind;
  readonly value: string;
}

/** A claim as it is kept: by it a value is recognised, and not read. */
type KnownClaim = Pick<ClaimRow, 'issuer' | 'kind' | 'value_hash'> & {
  /** The value, where it is at hand: then it may be an alias as well. */
  readonly value?: string;
};

/** A person with a memory, of whom a token reminds that is not known as theirs. */
export interface Lookalike {
  readonly userId: string;
  readonly storeId: string;
  /** By which values. */
  readonly shared: readonly KnownClaim[];
}

/** Of each kind and person. The oldest go: a claim that is another at every login says nothing of anybody. */
const MOST_OF_A_KIND = 16;

export function knownClaim({ issuer, kind, value }: SeenClaim): KnownClaim {
  return { issuer, kind, value, value_hash: sha256(`${issuer}\n${value}`) };
}

/** What is not known of a person yet. */
export async function unknownClaims(db: CatalogTransaction, userId: string, claims: readonly SeenClaim[]): Promise<readonly KnownClaim[]> {
  const known = new Set((await claimsOf(db, userId)).map(keyOf));
  return claims.map(knownClaim).filter((claim) => !known.has(keyOf(claim)));
}

export function claimsOf(db: CatalogTransaction, userId: string): Promise<ClaimRow[]> {
  return db.selectFrom('claims').selectAll().where('user_id', '=', userId).orderBy('seen_at').execute();
}

/** Keeps what is not known of a person yet. */
export async function keepClaims(tx: CatalogTransaction, userId: string, claims: readonly SeenClaim[], now: string): Promise<void> {
  const unknown = await unknownClaims(tx, userId, claims);
  if (unknown.length === 0 || (await isErased(tx, userId))) return;
  const rows = unknown.map(({ issuer, kind, value_hash }) => ({ issuer, kind, value_hash, user_id: userId, seen_at: now }));
  await tx.insertInto('claims').values(rows).execute();
  const kept = Map.groupBy(await claimsOf(tx, userId), ({ kind }) => kind);
  for (const [kind, of] of kept) {
    const surplus = of.slice(0, Math.max(0, of.length - MOST_OF_A_KIND)).map(({ value_hash }) => value_hash);
    if (surplus.length === 0) continue;
    await tx.deleteFrom('claims').where('user_id', '=', userId).where('kind', '=', kind).where('value_hash', 'in', surplus).execute();
  }
}

/**
 * The persons with a memory whose claims or aliases are among these. Of whoever was merged into another person, or left their name to one, it is that
 * other person. What two persons are known to share reminds of neither.
 */
export async function lookalikesOf(
  tx: CatalogTransaction,
  claims: readonly KnownClaim[],
  exceptUserId: string | null,
): Promise<readonly Lookalike[]> {
  const found = new Map<string, { storeId: string; shared: KnownClaim[] }>();
  for (const claim of claims.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    if (await isShared(tx, claim)) continue;
    for (const { userId, storeId } of await bearersOf(tx, claim)) {
      if (userId === exceptUserId) continue;
      const known = found.get(userId) ?? { storeId, shared: [] };
      known.shared.push(claim);
      found.set(userId, known);
    }
  }
  return [...found].map(([userId, { storeId, shared }]) => ({ userId, storeId, shared }));
}

/** Notes that several persons bear these values. */
export async function markShared(tx: CatalogTransaction, claims: readonly KnownClaim[]): Promise<void> {
  for (const { issuer, value_hash } of claims)
    if (!(await isShared(tx, { issuer, value_hash }))) await tx.insertInto('shared_claims').values({ issuer, value_hash }).execute();
}

async function isShared(tx: CatalogTransaction, { issuer, value_hash }: Pick<KnownClaim, 'issuer' | 'value_hash'>): Promise<boolean> {
  const row = await tx
    .selectFrom('shared_claims')
    .select('value_hash')
    .where('issuer', '=', issuer)
    .where('value_hash', '=', value_hash)
    .executeTakeFirst();
  return row !== undefined;
}

async function bearersOf(
  tx: CatalogTransaction,
  { issuer, value, value_hash }: KnownClaim,
): Promise<{ userId: string; storeId: string }[]> {
  const byClaim = await tx
    .selectFrom('claims')
    .innerJoin('users', 'users.user_id', 'claims.user_id')
    .innerJoin('aliases', (join) => join.onRef('aliases.issuer', '=', 'users.issuer').onRef('aliases.name', '=', 'users.canonical_name'))
    .innerJoin('stores', 'stores.user_id', 'aliases.user_id')
    .select(['stores.user_id as userId', 'stores.store_id as storeId'])
    .distinct()
    .where('claims.issuer', '=', issuer)
    .where('claims.value_hash', '=', value_hash)
    .where('stores.state', '!=', 'erased')
    .orderBy('stores.store_id')
    .execute();
  if (value === undefined) return byClaim;
  const byAlias = await tx
    .selectFrom('aliases')
    .innerJoin('stores', 'stores.user_id', 'aliases.user_id')
    .select(['stores.user_id as userId', 'stores.store_id as storeId'])
    .where('aliases.issuer', '=', issuer)
    .where('aliases.name', '=', value)
    .where('stores.state', '!=', 'erased')
    .execute();
  return [...byClaim, ...byAlias];
}

function rankOf({ kind }: Pick<ClaimRow, 'kind'>): number {
  return CLAIM_KINDS.findIndex((known) => known === kind);
}

function keyOf({ issuer, kind, value_hash }: KnownClaim): string {
  return JSON.stringify([issuer, kind, value_hash]);
}
