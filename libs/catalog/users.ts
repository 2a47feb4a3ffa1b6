import { IdentityChanged, NotFound, uuidv7 } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { keepClaims, unknownClaims, type Lookalike, type SeenClaim } from './claims.js';
import { ERASED } from './forget-person.js';
import type { IdentityFlips } from './identity-flips.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import { Recent } from './recent.js';
import type { UserRow } from './schema.js';
import type { CatalogStorage, CatalogTransaction } from './storage.js';

/** How a token names a person: who issued it, and the canonical name in it. */
export interface Identity {
  readonly issuer: string;
  readonly name: string;
}

/** A person. `issuer` and `name` are the identity that was seen first; it names the files of the person for good. */
export interface User extends Identity {
  readonly userId: string;
  readonly createdAt: string;
}

/** The persons, and which identity is whose. */
export class Users {
  readonly #byIdentity = new Recent<User>(10_000);
  /** Tokens of which all is kept. */
  readonly #kept = new Recent<true>(10_000);

  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
    private readonly flips: IdentityFlips,
  ) {}

  /**
   * The person of a token with this identity, and with these names in it. Somebody new is made only when nothing in it reminds of a person who has a
   * memory, and the names are kept, so that they do so later.
   * @throws IdentityChanged
   */
  async recognise(identity: Identity, claims: readonly SeenClaim[]): Promise<User> {
    const known = (await this.#known(identity)) ?? (await this.#findOrCreate(identity, claims));
    const own = claims.filter(({ issuer }) => issuer === identity.issuer);
    const key = JSON.stringify([known.userId, ...own.map(({ kind, value }) => [kind, value])]);
    // A full disk must not keep anybody out: it is tried again at the next request.
    await this.#kept.get(key, () => this.#keep(known.userId, own)).catch(() => null);
    return known;
  }

  /** The person with this identity, made when it is new. However many ask at the same time, one person is made. For those who know who it is. */
  async resolve(identity: Identity): Promise<User> {
    return (await this.#known(identity)) ?? this.#findOrCreate(identity, null);
  }

  /** The person who bears this identity, or null. */
  async find({ issuer, name }: Identity): Promise<User | null> {
    const row = await this.storage.read((db) =>
      db
        .selectFrom('aliases')
        .innerJoin('users', 'users.user_id', 'aliases.user_id')
        .selectAll('users')
        .where('aliases.issuer', '=', issuer)
        .where('aliases.name', '=', name)
        .executeTakeFirst(),
    );
    return row ? toUser(row) : null;
  }

  /** @throws NotFound */
  async get(userId: string): Promise<User> {
    const row = await this.storage.read((db) => db.selectFrom('users').selectAll().where('user_id', '=', userId).executeTakeFirst());
    if (!row || row.issuer === ERASED) throw new NotFound('user', userId);
    return toUser(row);
  }

  /** All persons, in the order in which they came. */
  async list({ limit, after }: PageRequest): Promise<CatalogPage<User>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('users')
        .selectAll()
        .$if(after !== null, (query) => query.where('user_id', '>', after ?? ''))
        .orderBy('user_id')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(rows, limit, (row) => row.user_id, toUser);
  }

  /** Whose identity is whose has changed. */
  forget(): void {
    this.#byIdentity.forget();
    this.#kept.forget();
  }

  #known(identity: Identity): Promise<User | null> {
    return this.#byIdentity.get(`${identity.issuer}\n${identity.name}`, () => this.find(identity));
  }

  async #keep(userId: string, claims: readonly SeenClaim[]): Promise<true> {
    const unknown = await this.storage.read((db) => unknownClaims(db, userId, claims));
    if (unknown.length > 0) await this.storage.transact((tx) => keepClaims(tx, userId, claims, this.storage.now()));
    return true;
  }

  /** @param claims of a token; null where it is known who it is. @throws IdentityChanged */
  async #findOrCreate({ issuer, name }: Identity, claims: readonly SeenClaim[] | null): Promise<User> {
    // What is refused is entered, so it is thrown when that is written.
    const found = await this.storage.transact(async (tx): Promise<User | Lookalike> => {
      const owner = await tx
        .selectFrom('aliases')
        .innerJoin('users', 'users.user_id', 'aliases.user_id')
        .selectAll('users')
        .where('aliases.issuer', '=', issuer)
        .where('aliases.name', '=', name)
        .executeTakeFirst();
      if (owner) return toUser(owner);
      const lookalike = claims && (await this.flips.judge(tx, { issuer, name }, claims, null));
      if (lookalike) return lookalike;
      const row: UserRow = { user_id: uuidv7(this.storage.clock.now()), issuer, canonical_name: name, created_at: this.storage.now() };
      await tx.insertInto('users').values(row).execute();
      await tx
        .insertInto('aliases')
        .values({ issuer, name, alias_id: uuidv7(this.storage.clock.now()), user_id: row.user_id, created_at: row.created_at })
        .execute();
      await this.audit.write(tx, 'system', 'user.created', row.user_id);
      if (claims) await this.#welcome(tx, toUser(row), claims);
      return toUser(row);
    });
    if ('shared' in found) throw new IdentityChanged(found.userId, found.storeId);
    return found;
  }

  async #welcome(tx: CatalogTransaction, user: User, claims: readonly SeenClaim[]): Promise<void> {
    const own = claims.filter(({ issuer }) => issuer === user.issuer);
    await keepClaims(tx, user.userId, own, this.storage.now());
    await this.flips.notice(tx, user, claims);
  }
}

function toUser(row: UserRow): User {
  return { userId: row.user_id, issuer: row.issuer, name: row.canonical_name, createdAt: row.created_at };
}
