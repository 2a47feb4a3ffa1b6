import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Catalog } from '#catalog';
import { sha256 } from '#core';
import { removeDrafts } from '#database';
import { Config } from '../config/config.js';
import { SALT_FILE } from '../config/data-files.js';
import { generatedSecret } from '../config/generated-secret.js';
import { CATALOG_FILE, CATALOG_MARK } from './catalog-files.js';
import { SaltChanged } from './salt-changed.js';

/** The catalog of this server, by noun. It is open from before anything asks for it until everything else has stopped. */
@Injectable()
export class CatalogService implements OnApplicationShutdown {
  readonly users: Catalog['users'];
  readonly aliases: Catalog['aliases'];
  readonly roles: Catalog['roles'];
  readonly stores: Catalog['stores'];
  readonly apiKeys: Catalog['apiKeys'];
  readonly handovers: Catalog['handovers'];
  readonly identityFlips: Catalog['identityFlips'];
  readonly idempotencyKeys: Catalog['idempotencyKeys'];
  readonly migrations: Catalog['migrations'];
  readonly alerts: Catalog['alerts'];
  readonly storeMarks: Catalog['storeMarks'];
  readonly retentionRules: Catalog['retentionRules'];
  readonly erasures: Catalog['erasures'];
  readonly audit: Catalog['audit'];

  private constructor(private readonly catalog: Catalog) {
    this.users = catalog.users;
    this.aliases = catalog.aliases;
    this.roles = catalog.roles;
    this.stores = catalog.stores;
    this.apiKeys = catalog.apiKeys;
    this.handovers = catalog.handovers;
    this.identityFlips = catalog.identityFlips;
    this.idempotencyKeys = catalog.idempotencyKeys;
    this.migrations = catalog.migrations;
    this.alerts = catalog.alerts;
    this.storeMarks = catalog.storeMarks;
    this.retentionRules = catalog.retentionRules;
    this.erasures = catalog.erasures;
    this.audit = catalog.audit;
  }

  /**
   * Opens `catalog.db` in the data directory, made at the first start for the server's user only.
   * @throws SaltChanged; DatabaseMissing when it was made before and is gone: an empty one in its place would give everyone an empty memory.
   */
  static async open(config: Config): Promise<CatalogService> {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    // It may have been there before, for everybody to look into.
    await chmod(config.dataDir, 0o700);
    const mark = join(config.dataDir, CATALOG_MARK);
    const madeBefore = (await stat(mark).catch(() => null)) !== null;
    const catalog = await Catalog.open(
      { directory: config.dataDir, file: CATALOG_FILE },
      {
        create: !madeBefore,
        heldTimeoutMs: config.dbConnectionTimeoutMs,
        heldRetries: config.dbMaxRetries,
        compactFreeBytes: config.compaction.leastFreeBytes,
      },
    );
    try {
      await assertSalt(catalog, config);
      // Only now: who holds the catalog may be making a copy of it.
      await removeDrafts(config.dataDir);
      await chmod(join(config.dataDir, CATALOG_FILE), 0o600);
      await writeFile(mark, '', { mode: 0o600 });
    } catch (error) {
      await catalog.close();
      throw error;
    }
    return new CatalogService(catalog);
  }

  /** The steps of the schema that the catalog does not have. */
  pendingMigrations(): Promise<readonly string[]> {
    return this.catalog.pendingMigrations();
  }

  /** Makes a copy of one snapshot in a new file at `path`, while it is in use. @throws Conflict when something is there */
  copyTo(path: string): Promise<void> {
    return this.catalog.copyTo(path);
  }

  /** Writes the file anew without what was deleted in it. Who asks meanwhile waits. @throws as `compactDuckDb`; DatabaseInUse */
  async compact(): Promise<void> {
    await this.catalog.compact();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.catalog.close();
  }
}

/** The catalog keeps what tells the salt, and not the salt. @throws SaltChanged when it was begun with another one. */
async function assertSalt({ facts }: Catalog, { salt, dataDir }: Config): Promise<void> {
  const fingerprint = sha256(`violentutf salt fingerprint:${salt}`);
  if ((await facts.keep('salt-fingerprint', fingerprint)) !== fingerprint) throw new SaltChanged();
  // It may have been lost, and given again.
  await generatedSecret(dataDir, SALT_FILE, () => salt);
}
