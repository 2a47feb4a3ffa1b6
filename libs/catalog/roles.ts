import type { AuditTrail } from './audit-trail.js';
import { NotFound } from '#core';
import { isGone } from './forget-person.js';
import { Recent } from './recent.js';
import type { CatalogStorage } from './storage.js';

/** What persons may do beyond their own memory, as granted here. */
export class Roles {
  readonly #byUser = new Recent<readonly string[]>(10_000);

  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /** The roles of a person; none for one who is not known. */
  async of(userId: string): Promise<readonly string[]> {
    const roles = await this.#byUser.get(userId, async () => {
      const rows = await this.storage.read((db) =>
        db.selectFrom('roles').select('role').where('user_id', '=', userId).orderBy('role').execute(),
      );
      return rows.map((row) => row.role);
    });
    return roles ?? [];
  }

  /** Grants a role; nothing changes when it is granted already. @throws NotFound when there is no such person. */
  async grant(userId: string, role: string, actor: string): Promise<void> {
    await this.storage.transact(async (tx) => {
      if (await isGone(tx, userId)) throw new NotFound('user', userId);
      const granted = await tx.selectFrom('roles').select('role').where('user_id', '=', userId).where('role', '=', role).executeTakeFirst();
      if (granted) return;
      await tx.insertInto('roles').values({ user_id: userId, role, granted_at: this.storage.now() }).execute();
      await this.audit.write(tx, actor, 'role.granted', userId, { role });
    });
    this.#byUser.forget();
  }

  /** Takes a role away; nothing changes when it was not granted. */
  async revoke(userId: string, role: string, actor: string): Promise<void> {
    await this.storage.transact(async (tx) => {
      const granted = await tx.selectFrom('roles').select('role').where('user_id', '=', userId).where('role', '=', role).executeTakeFirst();
      if (!granted) return;
      await tx.deleteFrom('roles').where('user_id', '=', userId).where('role', '=', role).execute();
      await this.audit.write(tx, actor, 'role.revoked', userId, { role });
    });
    this.#byUser.forget();
  }
}
