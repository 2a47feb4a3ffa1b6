import { Conflict, NotFound, uuidv7, type JsonObject } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { ERASED, forgetPerson, namesOf, onePerson, type Forgotten } from './forget-person.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import type { ErasureRow } from './schema.js';
import type { CatalogStorage } from './storage.js';

/** What is to be done next. Each step can be repeated; the next one is entered when all of it is done. */
export const ERASURE_STEPS = ['files', 'backups', 'catalog', 'compact', 'done'] as const;
export type ErasureStep = (typeof ERASURE_STEPS)[number];

/** That a person is erased, or was: ids and numbers only. */
export interface Erasure {
  readonly erasureId: string;
  readonly userId: string;
  /** The person, and the users who were merged into them. */
  readonly userIds: readonly string[];
  /** The next step, or `done`. */
  readonly step: ErasureStep;
  readonly requestedBy: string;
  readonly begunAt: string;
  readonly endedAt: string | null;
  readonly report: JsonObject;
}

/** A memory that is to be removed. */
export interface DoomedStore {
  readonly storeId: string;
  readonly userId: string;
  readonly location: string;
}

/** How people are erased, step by step, so that what is cut off is gone on with. */
export class Erasures {
  /** @param changed is called when nobody may be found any more who was there before. */
  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
    private readonly changed: () => void,
  ) {}

  /**
   * Begins: nobody is lent the person's memories from then on, and their API keys end. What has begun already goes on as it is.
   * @throws NotFound when there is no such person; Conflict when the memory was merged into another person's.
   */
  async begin(userId: string, actor: string): Promise<Erasure> {
    const erasure = await this.storage.transact(async (tx) => {
      const under = await tx
        .selectFrom('erasures')
        .selectAll()
        .where('user_id', '=', userId)
        .where('step', '!=', 'done')
        .executeTakeFirst();
      if (under) return toErasure(under);
      const user = await tx.selectFrom('users').selectAll().where('user_id', '=', userId).executeTakeFirst();
      if (!user || user.issuer === ERASED) throw new NotFound('user', userId);
      const bearer = await tx
        .selectFrom('aliases')
        .select('user_id')
        .where('issuer', '=', user.issuer)
        .where('name', '=', user.canonical_name)
        .executeTakeFirst();
      if (bearer && bearer.user_id !== userId) {
        throw new Conflict(
          `The memory and the names of user ${userId} are those of user ${bearer.user_id} now. Erase that one: this one goes with it.`,
        );
      }
      const userIds = await onePerson(tx, userId);
      const now = this.storage.now();
      await tx
        .updateTable('stores')
        .set({ state: 'moving', updated_at: now })
        .where('user_id', 'in', userIds)
        .where('state', 'in', ['provisioning', 'active'])
        .execute();
      await tx.updateTable('api_keys').set({ revoked_at: now }).where('user_id', 'in', userIds).where('revoked_at', 'is', null).execute();
      const row: ErasureRow = {
        erasure_id: uuidv7(this.storage.clock.now()),
        user_id: userId,
        step: ERASURE_STEPS[0],
        requested_by: actor,
        begun_at: now,
        ended_at: null,
        report: { userIds },
      };
      await tx.insertInto('erasures').values(row).execute();
      await this.audit.write(tx, actor, 'user.erasure-begun', userId, { erasureId: row.erasure_id });
      return toErasure(row);
    });
    this.changed();
    return erasure;
  }

  /** The memories of the person that are not erased yet, those that were merged into theirs included. */
  doomed({ userIds }: Erasure): Promise<readonly DoomedStore[]> {
    return this.storage.read(async (db) => {
      const rows = await db
        .selectFrom('stores')
        .selectAll()
        .where('user_id', 'in', userIds)
        .where('state', '!=', 'erased')
        .orderBy('store_id')
        .execute();
      return rows.map((row) => ({ storeId: row.store_id, userId: row.user_id, location: row.location }));
    });
  }

  /** The names that the catalog still has of the person. */
  namesOf({ userIds }: Erasure): Promise<readonly string[]> {
    return this.storage.read((db) => namesOf(db, userIds));
  }

  /**
   * Takes everything out of the catalog that says who the person was.
   * @param names that a copy of the catalog may not know to be theirs.
   * @returns null when it never knew them, as an old copy.
   */
  async forget({ userIds }: Erasure, names: readonly string[] = []): Promise<Forgotten | null> {
    const forgotten = await this.storage.transact((tx) => forgetPerson(tx, userIds, names, this.storage.now()));
    this.changed();
    return forgotten;
  }

  /** Enters what is to be done next, and more of the report. */
  async advance({ erasureId, userId }: Erasure, step: ErasureStep, report: JsonObject): Promise<Erasure> {
    return this.storage.transact(async (tx) => {
      const row = await tx.selectFrom('erasures').selectAll().where('erasure_id', '=', erasureId).executeTakeFirst();
      if (!row) throw new NotFound('erasure', erasureId);
      const change = { step, report: { ...row.report, ...report }, ended_at: step === 'done' ? this.storage.now() : null };
      await tx.updateTable('erasures').set(change).where('erasure_id', '=', erasureId).execute();
      if (step === 'done') await this.audit.write(tx, row.requested_by, 'user.erased', userId, { erasureId });
      return toErasure({ ...row, ...change });
    });
  }

  /** @throws NotFound */
  async get(erasureId: string): Promise<Erasure> {
    const row = await this.storage.read((db) =>
      db.selectFrom('erasures').selectAll().where('erasure_id', '=', erasureId).executeTakeFirst(),
    );
    if (!row) throw new NotFound('erasure', erasureId);
    return toErasure(row);
  }

  /** The newest first. */
  async list({ limit, after }: PageRequest): Promise<CatalogPage<Erasure>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('erasures')
        .selectAll()
        .$if(after !== null, (query) => query.where('erasure_id', '<', after ?? ''))
        .orderBy('erasure_id', 'desc')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(rows, limit, (row) => row.erasure_id, toErasure);
  }

  /** Those that are under way, or were when the server stopped; the oldest first. */
  async unfinished(): Promise<readonly Erasure[]> {
    const rows = await this.storage.read((db) =>
      db.selectFrom('erasures').selectAll().where('step', '!=', 'done').orderBy('erasure_id').execute(),
    );
    return rows.map(toErasure);
  }
}

function toErasure({ report: { userIds, ...report }, ...row }: ErasureRow): Erasure {
  return {
    erasureId: row.erasure_id,
    userId: row.user_id,
    userIds: userIds as readonly string[],
    step: row.step as ErasureStep,
    requestedBy: row.requested_by,
    begunAt: row.begun_at,
    endedAt: row.ended_at,
    report,
  };
}
