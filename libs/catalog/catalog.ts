import type { Compaction, DatabaseContent, DuckDbLocation } from '#database';
import { Alerts } from './alerts.js';
import { Aliases } from './aliases.js';
import { ApiKeys } from './api-keys.js';
import { AuditTrail } from './audit-trail.js';
import { Erasures } from './erasures.js';
import { Facts } from './facts.js';
import { Handovers } from './handovers.js';
import { IdentityFlips } from './identity-flips.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { MigrationLedger } from './migration-ledger.js';
import { Restoration, type FoundStore, type RestoredStore } from './restoration.js';
import { RetentionRules } from './retention-rules.js';
import { Roles } from './roles.js';
import { CatalogStorage, type CatalogOptions } from './storage.js';
import { StoreMarks } from './store-marks.js';
import { Stores } from './stores.js';
import { Users } from './users.js';

/** The one small database beside the stores: who is who, whose store is where, and what was done. One reader and writer for each noun. */
export class Catalog implements AsyncDisposable {
  readonly users: Users;
  readonly aliases: Aliases;
  readonly roles: Roles;
  readonly stores: Stores;
  readonly apiKeys: ApiKeys;
  readonly handovers: Handovers;
  readonly identityFlips: IdentityFlips;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly migrations: MigrationLedger;
  readonly alerts: Alerts;
  readonly facts: Facts;
  readonly storeMarks: StoreMarks;
  readonly retentionRules: RetentionRules;
  readonly erasures: Erasures;
  readonly audit: AuditTrail;

  private constructor(private readonly storage: CatalogStorage) {
    this.audit = new AuditTrail(storage);
    this.identityFlips = new IdentityFlips(storage, this.audit);
    this.users = new Users(storage, this.audit, this.identityFlips);
    this.apiKeys = new ApiKeys(storage, this.audit);
    this.aliases = new Aliases(storage, this.audit, () => {
      this.users.forget();
      this.apiKeys.forget();
    });
    this.roles = new Roles(storage, this.audit);
    this.stores = new Stores(storage, this.audit, this.identityFlips);
    this.handovers = new Handovers(storage, this.audit, () => {
      this.users.forget();
      this.apiKeys.forget();
      this.stores.forget();
    });
    this.erasures = new Erasures(storage, this.audit, () => {
      this.users.forget();
      this.apiKeys.forget();
      this.stores.forget();
    });
    this.idempotencyKeys = new IdempotencyKeys(storage);
    this.retentionRules = new RetentionRules(storage, this.audit);
    this.migrations = new MigrationLedger(storage, this.audit);
    this.alerts = new Alerts(storage, this.audit);
    this.facts = new Facts(storage);
    this.storeMarks = new StoreMarks(storage);
  }

  /**
   * Opens the catalog in an existing directory.
   * @throws DatabaseMissing, DatabaseHeld, DatabaseCorrupt, DatabaseNewer and the other errors of opening, each with its remedy.
   */
  static async open(location: DuckDbLocation, options: CatalogOptions): Promise<Catalog> {
    const storage = new CatalogStorage(location, options);
    try {
      await storage.read(() => Promise.resolve());
    } catch (error) {
      await storage.close();
      throw error;
    }
    return new Catalog(storage);
  }

  /**
   * Fills an empty catalog from the stores of a lost one: the same people, in the same places. Two stores of one person, and what else two of them
   * claim, are left out and told of. Roles, API keys and the audit trail are not in the stores.
   * @throws Conflict when the catalog already knows somebody.
   */
  restore(stores: readonly FoundStore[]): Promise<readonly RestoredStore[]> {
    return new Restoration(this.storage, this.audit).run(stores);
  }

  /** The steps of the schema that it does not have: none, unless its file was exchanged. */
  pendingMigrations(): Promise<readonly string[]> {
    return this.storage.pendingMigrations();
  }

  /** Makes a copy of one snapshot in a new file at `path`, while it is in use. @throws Conflict when something is there */
  copyTo(path: string): Promise<void> {
    return this.storage.copyTo(path);
  }

  /** What is in each table; every value is read for it. @throws DatabaseCorrupt */
  content(): Promise<DatabaseContent> {
    return this.storage.content();
  }

  /** Writes the file anew without what was deleted in it. Who asks meanwhile waits. @throws as `compactDuckDb`; DatabaseInUse */
  compact(): Promise<Compaction> {
    return this.storage.compact();
  }

  /** Lets writes under way finish, and closes the file. */
  close(): Promise<void> {
    return this.storage.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
