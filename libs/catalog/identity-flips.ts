import { Conflict, NotFound, uuidv7 } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { knownClaim, lookalikesOf, markShared, type Lookalike, type SeenClaim } from './claims.js';
import { isGone } from './forget-person.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import type { ClaimRow, IdentityFlipRow } from './schema.js';
import type { CatalogStorage, CatalogTransaction } from './storage.js';
import type { Identity } from './users.js';

/**
 * `pending`: its tokens are refused until an administrator decides. `stranger`: an administrator said that it is another person. `noticed`: it is of
 * another issuer, whose names prove nothing here; nobody is refused for it.
 */
export type FlipState = 'pending' | 'stranger' | 'noticed';

/** An identity whose token reminded of a person who has a memory under another one. */
export interface IdentityFlip extends Identity {
  readonly flipId: string;
  /** Of whom it reminded. */
  readonly userId: string;
  readonly state: FlipState;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The administrator who decided, or null. */
  readonly decidedBy: string | null;
}

/** More than anybody can look through. What is beyond is refused as well. */
const MOST_PENDING = 100;

/** Identities that may be a new name of somebody who has a memory, and what administrators said of them. */
export class IdentityFlips {
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Looks whether an identity that is about to be given a memory of its own reminds of somebody who has one, and enters it then.
   * @param userId of the person, if there is one already.
   * @returns that somebody, or null: it may go on.
   */
  async judge(
    tx: CatalogTransaction,
    identity: Identity,
    claims: readonly (SeenClaim | ClaimRow)[],
    userId: string | null,
  ): Promise<Lookalike | null> {
    const own = claims.filter(({ issuer }) => issuer === identity.issuer).map((claim) => ('value' in claim ? knownClaim(claim) : claim));
    const doubtful: Lookalike[] = [];
    const lookalikes = await lookalikesOf(tx, own, userId);
    for (const lookalike of lookalikes) {
      const row = await this.#find(tx, identity, lookalike.userId);
      if (row?.state !== 'stranger') doubtful.push(lookalike);
      if (!row) await this.#enter(tx, identity, lookalike.userId, 'pending', null);
    }
    // All of them are somebody else, as an administrator has said: what they have in common tells nobody apart.
    if (doubtful.length === 0) for (const { shared } of lookalikes) await markShared(tx, shared);
    return doubtful[0] ?? null;
  }

  /** Enters of whom a person reminds whose issuer is another. */
  async notice(tx: CatalogTransaction, identity: Identity, claims: readonly SeenClaim[]): Promise<void> {
    const foreign = claims.filter(({ issuer }) => issuer !== identity.issuer).map(knownClaim);
    for (const { userId } of await lookalikesOf(tx, foreign, null)) await this.#enter(tx, identity, userId, 'noticed', null);
  }

  /**
   * Says that an identity is not of this person: its tokens are let in, and what they have in common with the person's proves nothing from then on.
   * @throws NotFound when there is no such person; Conflict when it is an identity of theirs.
   */
  async declareStranger(userId: string, identity: Identity, actor: string): Promise<IdentityFlip> {
    return this.storage.transact(async (tx) => {
      if (await isGone(tx, userId)) throw new NotFound('user', userId);
      const { issuer, name } = identity;
      const alias = await tx
        .selectFrom('aliases')
        .select('user_id')
        .where('issuer', '=', issuer)
        .where('name', '=', name)
        .executeTakeFirst();
      if (alias?.user_id === userId)
        throw new Conflict('This is an identity of that very person. Take it away first, if it is a stranger’s.');
      const known = await this.#find(tx, identity, userId);
      if (known?.state === 'stranger') return toFlip(known);
      if (known) await tx.deleteFrom('identity_flips').where('flip_id', '=', known.flip_id).execute();
      const row = await this.#enter(tx, identity, userId, 'stranger', actor);
      await this.audit.write(tx, actor, 'identity.stranger', userId, { flipId: row.flip_id });
      return toFlip(row);
    });
  }

  /** Those of whom nobody has decided, and others, the newest first. */
  async list({ limit, after }: PageRequest): Promise<CatalogPage<IdentityFlip>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('identity_flips')
        .selectAll()
        .$if(after !== null, (query) => query.where('flip_id', '<', after ?? ''))
        .orderBy('flip_id', 'desc')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(rows, limit, (row) => row.flip_id, toFlip);
  }

  /** The persons whose memory somebody is refused, and which memory it is. */
  async refused(): Promise<readonly Pick<Lookalike, 'userId' | 'storeId'>[]> {
    return this.storage.read((db) =>
      db
        .selectFrom('identity_flips')
        .innerJoin('stores', 'stores.user_id', 'identity_flips.user_id')
        .select(['stores.user_id as userId', 'stores.store_id as storeId'])
        .distinct()
        .where('identity_flips.state', '=', 'pending')
        .where('stores.state', '!=', 'erased')
        .execute(),
    );
  }

  async #find(tx: CatalogTransaction, { issuer, name }: Identity, userId: string): Promise<IdentityFlipRow | undefined> {
    return tx
      .selectFrom('identity_flips')
      .selectAll()
      .where('issuer', '=', issuer)
      .where('name', '=', name)
      .where('user_id', '=', userId)
      .executeTakeFirst();
  }

  async #enter(
    tx: CatalogTransaction,
    { issuer, name }: Identity,
    userId: string,
    state: FlipState,
    actor: string | null,
  ): Promise<IdentityFlipRow> {
    const now = this.storage.now();
    const flip_id = uuidv7(this.storage.clock.now());
    const row = { flip_id, issuer, name, user_id: userId, state, created_at: now, updated_at: now, decided_by: actor };
    if (state === 'stranger' || (await this.#count(tx, userId)) < MOST_PENDING) await tx.insertInto('identity_flips').values(row).execute();
    return row;
  }

  async #count(tx: CatalogTransaction, userId: string): Promise<number> {
    const { n } = await tx
      .selectFrom('identity_flips')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('user_id', '=', userId)
      .where('state', '!=', 'stranger')
      .executeTakeFirstOrThrow();
    return n;
  }
}

function toFlip(row: IdentityFlipRow): IdentityFlip {
  return {
    flipId: row.flip_id,
    issuer: row.issuer,
    name: row.name,
    userId: row.user_id,
    state: row.state as FlipState,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    decidedBy: row.decided_by,
  };
}
