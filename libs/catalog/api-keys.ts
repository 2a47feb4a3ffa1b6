import { randomBytes } from 'node:crypto';
import { NotFound, QuotaExceeded, sha256, uuidv7 } from '#core';
import type { AuditTrail } from './audit-trail.js';
import { isErased } from './forget-person.js';
import { pageOf, type CatalogPage, type PageRequest } from './page.js';
import { Recent } from './recent.js';
import type { ApiKeyRow } from './schema.js';
import type { CatalogStorage } from './storage.js';
import type { Identity } from './users.js';

/** A key as it can be shown: without its secret, which only its holder has. */
export interface ApiKey {
  readonly keyId: string;
  readonly userId: string;
  readonly name: string;
  /** The end of the secret, to tell keys apart. */
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  /** To the minute. */
  readonly lastUsedAt: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface NewApiKey {
  readonly userId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** ISO 8601, or null: it does not expire. */
  readonly expiresAt: string | null;
}

/** A key that was presented and is valid, and the person it belongs to. */
export interface KeyHolder {
  readonly key: ApiKey;
  readonly user: Identity;
}

/** How every secret begins, so that it is recognised where it does not belong. */
export const API_KEY_PREFIX = 'vutf_';

/** Enough for anyone's programs, too few to fill a disk. */
const MOST_KEYS = 100;
const TOUCH_EVERY_MS = 60_000;

/** Keys that programs use in a person's name. Only the hash of a secret is kept. */
export class ApiKeys {
  readonly #byHash = new Recent<KeyHolder>(10_000);
  /** When each key was last noted as used: once a minute is enough. */
  readonly #touched = new Map<string, number>();

  constructor(
    private readonly storage: CatalogStorage,
    private readonly audit: AuditTrail,
  ) {}

  /** Makes a key. Its secret is in the result, and nowhere else. @throws QuotaExceeded with 100 keys that are not revoked. */
  async create({ userId, name, scopes, expiresAt }: NewApiKey): Promise<{ readonly key: ApiKey; readonly secret: string }> {
    const secret = `${API_KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
    const now = this.storage.clock.now();
    const row: ApiKeyRow = {
      key_id: uuidv7(now),
      user_id: userId,
      name,
      hash: sha256(secret),
      hint: `…${secret.slice(-4)}`,
      scopes,
      created_at: new Date(now).toISOString(),
      last_used_at: null,
      expires_at: expiresAt,
      revoked_at: null,
    };
    await this.storage.transact(async (tx) => {
      if (await isErased(tx, userId)) throw new NotFound('user', userId);
      const { count } = await tx
        .selectFrom('api_keys')
        .select((columns) => columns.fn.countAll<number>().as('count'))
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      if (count >= MOST_KEYS) throw new QuotaExceeded(`You have ${count} API keys. Revoke one that is no longer used, and try again.`);
      await tx.insertInto('api_keys').values(row).execute();
      await this.audit.write(tx, userId, 'api-key.created', row.key_id);
    });
    return { key: toKey(row), secret };
  }

  /** The key with this secret, and its person; null when it is unknown, revoked or expired, which look alike. */
  async authenticate(secret: string): Promise<KeyHolder | null> {
    const hash = sha256(secret);
    const holder = await this.#byHash.get(hash, async () => {
      const row = await this.storage.read((db) =>
        db
          .selectFrom('api_keys')
          .innerJoin('users', 'users.user_id', 'api_keys.user_id')
          .selectAll('api_keys')
          .select(['users.issuer', 'users.canonical_name'])
          .where('hash', '=', hash)
          .where('revoked_at', 'is', null)
          .executeTakeFirst(),
      );
      return row ? { key: toKey(row), user: { issuer: row.issuer, name: row.canonical_name } } : null;
    });
    if (holder === null) return null;
    return holder.key.expiresAt !== null && Date.parse(holder.key.expiresAt) <= this.storage.clock.now() ? null : holder;
  }

  /** Notes that a key was used; at most one write a minute for each key. */
  async touch(keyId: string): Promise<void> {
    const now = this.storage.clock.now();
    if (now - (this.#touched.get(keyId) ?? -Infinity) < TOUCH_EVERY_MS) return;
    this.#touched.delete(keyId);
    this.#touched.set(keyId, now);
    const [oldest] = this.#touched.keys();
    if (this.#touched.size > 10_000 && oldest !== undefined) this.#touched.delete(oldest);
    await this.storage.transact((tx) =>
      tx
        .updateTable('api_keys')
        .set({ last_used_at: new Date(now).toISOString() })
        .where('key_id', '=', keyId)
        .execute(),
    );
  }

  /** A person's keys, oldest first, revoked and expired ones too. */
  async list(userId: string, { limit, after }: PageRequest): Promise<CatalogPage<ApiKey>> {
    const rows = await this.storage.read((db) =>
      db
        .selectFrom('api_keys')
        .selectAll()
        .where('user_id', '=', userId)
        .$if(after !== null, (query) => query.where('key_id', '>', after ?? ''))
        .orderBy('key_id')
        .limit(limit + 1)
        .execute(),
    );
    return pageOf(rows, limit, (row) => row.key_id, toKey);
  }

  /** @throws NotFound when the person has no such key. */
  async get(userId: string, keyId: string): Promise<ApiKey> {
    const row = await this.storage.read((db) =>
      db.selectFrom('api_keys').selectAll().where('user_id', '=', userId).where('key_id', '=', keyId).executeTakeFirst(),
    );
    if (!row) throw new NotFound('API key', keyId);
    return toKey(row);
  }

  /** Ends a key at once. Ending it again changes nothing. @throws NotFound when the person has no such key. */
  async revoke(userId: string, keyId: string): Promise<void> {
    await this.storage.transact(async (tx) => {
      const row = await tx
        .selectFrom('api_keys')
        .select('revoked_at')
        .where('user_id', '=', userId)
        .where('key_id', '=', keyId)
        .executeTakeFirst();
      if (!row) throw new NotFound('API key', keyId);
      if (row.revoked_at !== null) return;
      await tx.updateTable('api_keys').set({ revoked_at: this.storage.now() }).where('key_id', '=', keyId).execute();
      await this.audit.write(tx, userId, 'api-key.revoked', keyId);
    });
    this.forget();
  }

  /** Keys were revoked elsewhere in the catalog. */
  forget(): void {
    this.#byHash.forget();
  }
}

function toKey(row: ApiKeyRow): ApiKey {
  return {
    keyId: row.key_id,
    userId: row.user_id,
    name: row.name,
    hint: row.hint,
    scopes: row.scopes,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
