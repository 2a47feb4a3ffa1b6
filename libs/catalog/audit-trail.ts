import { uuidv7, type JsonObject } from '#core';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import type { CatalogStorage, CatalogTransaction } from './storage.js';

/** Who did what to what. Ids and names of states only: never content, never a secret. */
export interface AuditEntry {
  readonly entryId: string;
  readonly createdAt: string;
  /** A user id, or `system`. */
  readonly actor: string;
  /** Noun and participle: `alias.bound`. */
  readonly action: string;
  /** The id of what it was done to. */
  readonly subject: string;
  readonly details: JsonObject;
}

/** What was done by whom, appended only. */
export class AuditTrail {
  constructor(private readonly storage: CatalogStorage) {}

  /** Writes an entry in the transaction that does what it tells of. */
  async write(tx: CatalogTransaction, actor: string, action: string, subject: string, details: JsonObject = {}): Promise<void> {
    const at = this.storage.clock.now();
    await tx
      .insertInto('audit')
      .values({ entry_id: uuidv7(at), created_at: new Date(at).toISOString(), actor, action, subject, details })
      .execute();
  }

  /** Writes an entry about something outside the catalog. */
  append(actor: string, action: string, subject: string, details: JsonObject = {}): Promise<void> {
    return this.storage.transact((tx) => this.write(tx, actor, action, subject, details));
  }

  /** The entries, newest first. */
  async list({ limit, after }: PageRequest): Promise<CatalogPage<AuditEntry>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('audit')
        .selectAll()
        .$if(after !== null, (query) => query.where('entry_id', '<', after ?? ''))
        .orderBy('entry_id', 'desc')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(
      rows,
      limit,
      (row) => row.entry_id,
      ({ entry_id: entryId, created_at: createdAt, ...rest }) => ({ entryId, createdAt, ...rest }),
    );
  }
}
