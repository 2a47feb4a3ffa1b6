import { Conflict, NotFound, uuidv7 } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { ERASED } from './forget-person.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import type { AliasRow } from './schema.js';
import type { CatalogStorage, CatalogTransaction } from './storage.js';
import type { Identity, User } from './users.js';

/** An identity of a person. The one that was seen first is `canonical` and stays. */
export interface Alias extends Identity {
  readonly aliasId: string;
  readonly userId: string;
  readonly canonical: boolean;
  readonly createdAt: string;
}

/** The identities of each person. Tokens with any of them open the same memory. */
export class Aliases {
  /** @param changed is called after each change: whose identity is whose is not what it was. */
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
    private readonly changed: () => void,
  ) {}

  /** All aliases of a person, oldest first. @throws NotFound when there is no such person. */
  list(userId: string): Promise<readonly Alias[]> {
    return this.storage.read(async (db) => {
      const user = await userRow(db, userId);
      const rows = await db.selectFrom('aliases').selectAll().where('user_id', '=', userId).orderBy('alias_id').execute();
      return rows.map((row) => toAlias(row, user));
    });
  }

  /** The aliases of everybody, in the order in which they were bound. */
  async page({ limit, after }: PageRequest): Promise<CatalogPage<Pick<Alias, 'aliasId' | 'userId' | keyof Identity>>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('aliases')
        .selectAll()
        .$if(after !== null, (query) => query.where('alias_id', '>', after ?? ''))
        .orderBy('alias_id')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(
      rows,
      limit,
      (row) => row.alias_id,
      ({ alias_id: aliasId, user_id: userId, issuer, name }) => ({ aliasId, userId, issuer, name }),
    );
  }

  /**
   * Gives a person a further identity. It may be another person's only as long as that one has no store; when it was that person's last identity,
   * their API keys end with it. Binding what is bound already changes nothing.
   * @throws NotFound when there is no such person; Conflict when the identity's owner has a store, or the memory of the person was merged into another.
   */
  async bind(userId: string, { issuer, name }: Identity, actor: string): Promise<Alias> {
    const alias = await this.storage.transact(async (tx) => {
      const user = await userRow(tx, userId);
      const bound = await tx.selectFrom('aliases').selectAll().where('issuer', '=', issuer).where('name', '=', name).executeTakeFirst();
      if (bound?.user_id === userId) return toAlias(bound, user);
      if (await hasArchived(tx, userId))
        throw new Conflict(`The memory of user ${userId} was merged into another person's. Bind the identity to that person instead.`);
      if (bound) await this.#leave(tx, bound, userId);
      const row: AliasRow = { issuer, name, alias_id: uuidv7(this.storage.clock.now()), user_id: userId, created_at: this.storage.now() };
      await tx.insertInto('aliases').values(row).execute();
      // It is decided whose it is.
      await tx.deleteFrom('identity_flips').where('issuer', '=', issuer).where('name', '=', name).execute();
      await this.audit.write(tx, actor, 'alias.bound', userId, { aliasId: row.alias_id, formerUserId: bound?.user_id ?? null });
      return toAlias(row, user);
    });
    this.changed();
    return alias;
  }

  /**
   * Takes an identity from a person: whoever comes with it next is somebody new, once an administrator has said so of tokens that were seen with it.
   * @throws NotFound; Conflict for the canonical one, and for that of a memory that was merged into this person's.
   */
  async unbind(userId: string, aliasId: string, actor: string): Promise<void> {
    await this.storage.transact(async (tx) => {
      const user = await userRow(tx, userId);
      const row = await tx
        .selectFrom('aliases')
        .selectAll()
        .where('user_id', '=', userId)
        .where('alias_id', '=', aliasId)
        .executeTakeFirst();
      if (!row) throw new NotFound('alias', aliasId);
      if (toAlias(row, user).canonical) {
        throw new Conflict(
          'This is the identity that the memory was made for; it stays. Only aliases that were bound later can be removed.',
        );
      }
      const former = await tx
        .selectFrom('users')
        .select('user_id')
        .where('issuer', '=', row.issuer)
        .where('canonical_name', '=', row.name)
        .executeTakeFirst();
      // Somebody new with that name would be given the place of the archived memory.
      if (former && (await hasArchived(tx, former.user_id))) {
        throw new Conflict(
          `This identity came with the memory of user ${former.user_id}, which was merged into this one. Take that merge back instead.`,
        );
      }
      await tx.deleteFrom('aliases').where('issuer', '=', row.issuer).where('name', '=', row.name).execute();
      await this.audit.write(tx, actor, 'alias.unbound', userId, { aliasId });
    });
    this.changed();
  }

  async #leave(tx: CatalogTransaction, alias: AliasRow, userId: string): Promise<void> {
    const store = await tx
      .selectFrom('stores')
      .select('store_id')
      .where('user_id', '=', alias.user_id)
      .where('state', '!=', 'erased')
      .executeTakeFirst();
    if (store) {
      throw new Conflict(
        `This identity belongs to user ${alias.user_id}, who already has a memory of their own. To make one of the two, merge them: ` +
          `POST /api/v2/migration/merges/plans with {"fromUserId":"${alias.user_id}","intoUserId":"${userId}"}.`,
      );
    }
    await tx.deleteFrom('aliases').where('issuer', '=', alias.issuer).where('name', '=', alias.name).execute();
    const other = await tx.selectFrom('aliases').select('alias_id').where('user_id', '=', alias.user_id).executeTakeFirst();
    if (other) return;
    await tx
      .updateTable('api_keys')
      .set({ revoked_at: this.storage.now() })
      .where('user_id', '=', alias.user_id)
      .where('revoked_at', 'is', null)
      .execute();
  }
}

/** Whether what a person had is in another person's memory now. */
async function hasArchived(tx: CatalogTransaction, userId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('stores')
    .select('store_id')
    .where('user_id', '=', userId)
    .where('state', '=', 'archived')
    .executeTakeFirst();
  return row !== undefined;
}

async function userRow(db: CatalogTransaction, userId: string): Promise<Identity> {
  const row = await db.selectFrom('users').selectAll().where('user_id', '=', userId).executeTakeFirst();
  if (!row || row.issuer === ERASED) throw new NotFound('user', userId);
  return { issuer: row.issuer, name: row.canonical_name };
}

function toAlias(row: AliasRow, user: Pick<User, 'issuer' | 'name'>): Alias {
  const { issuer, name } = row;
  return {
    aliasId: row.alias_id,
    userId: row.user_id,
    issuer,
    name,
    canonical: issuer === user.issuer && name === user.name,
    createdAt: row.created_at,
  };
}
