import { NotFound, uuidv7 } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import { Recent } from './recent.js';
import type { UserRow } from './schema.js';
import type { CatalogStorage } from './storage.js';

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

  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /** The person with this identity, made when it is new. However many ask at the same time, one person is made. */
  async resolve(identity: Identity): Promise<User> {
    const known = await this.#byIdentity.get(`${identity.issuer}\n${identity.name}`, () => this.find(identity));
    return known ?? this.#findOrCreate(identity);
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
    if (!row) throw new NotFound('user', userId);
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
  }

  #findOrCreate({ issuer, name }: Identity): Promise<User> {
    return this.storage.transact(async (tx) => {
      const owner = await tx
        .selectFrom('aliases')
        .innerJoin('users', 'users.user_id', 'aliases.user_id')
        .selectAll('users')
        .where('aliases.issuer', '=', issuer)
        .where('aliases.name', '=', name)
        .executeTakeFirst();
      if (owner) return toUser(owner);
      const row: UserRow = { user_id: uuidv7(this.storage.clock.now()), issuer, canonical_name: name, created_at: this.storage.now() };
      await tx.insertInto('users').values(row).execute();
      await tx
        .insertInto('aliases')
        .values({ issuer, name, alias_id: uuidv7(this.storage.clock.now()), user_id: row.user_id, created_at: row.created_at })
        .execute();
      await this.audit.write(tx, 'system', 'user.created', row.user_id);
      return toUser(row);
    });
  }
}

function toUser(row: UserRow): User {
  return { userId: row.user_id, issuer: row.issuer, name: row.canonical_name, createdAt: row.created_at };
}
