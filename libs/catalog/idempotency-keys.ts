import { canonicalJson, sha256 } from '#core';
import { isErased } from './forget-person.js';
import type { CatalogStorage } from './storage.js';

/** What a client calls a request so as to be able to repeat it: the key, for one person, method and path. */
export interface IdempotentRequest {
  readonly userId: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
}

/** The answer that a request was given. */
export interface KeptAnswer {
  /** Of the body that was sent, to recognise another request under the same key. */
  readonly bodyHash: string;
  readonly status: number;
  readonly location: string | null;
  /** JSON text, or null when the answer had no body or one that must not be kept. */
  readonly body: string | null;
}

const KEPT_MS = 24 * 3_600_000;
const PURGE_EVERY_MS = 3_600_000;

/** A name for the request in which the key itself can't be read. */
export function requestHash({ userId, method, path, key }: IdempotentRequest): string {
  return sha256(canonicalJson([userId, method, path, key]));
}

/** The answers of finished requests, for 24 hours. */
export class IdempotencyKeys {
  #purgedAt = -Infinity;

  constructor(private readonly storage: CatalogStorage) {}

  /** The answer, or null when there is none or it is too old. */
  async find(request: IdempotentRequest): Promise<KeptAnswer | null> {
    const row = await this.storage.read((db) =>
      db
        .selectFrom('idempotency_keys')
        .selectAll()
        .where('request_hash', '=', requestHash(request))
        .where('created_at', '>', this.#oldest())
        .executeTakeFirst(),
    );
    return row ? { bodyHash: row.body_hash, status: row.status, location: row.location, body: row.body } : null;
  }

  /** Keeps the answer in place of an older one, unless the person was erased meanwhile. Old answers of everybody are removed once an hour on that occasion. */
  async keep(request: IdempotentRequest, { bodyHash, status, location, body }: KeptAnswer): Promise<void> {
    const now = this.storage.clock.now();
    const purge = now - this.#purgedAt >= PURGE_EVERY_MS;
    const hash = requestHash(request);
    await this.storage.transact(async (tx) => {
      if (purge) await tx.deleteFrom('idempotency_keys').where('created_at', '<=', this.#oldest()).execute();
      await tx.deleteFrom('idempotency_keys').where('request_hash', '=', hash).execute();
      if (await isErased(tx, request.userId)) return;
      await tx
        .insertInto('idempotency_keys')
        .values({
          request_hash: hash,
          user_id: request.userId,
          body_hash: bodyHash,
          status,
          location,
          body,
          created_at: this.storage.now(),
        })
        .execute();
    });
    if (purge) this.#purgedAt = now;
  }

  #oldest(): string {
    return new Date(this.storage.clock.now() - KEPT_MS).toISOString();
  }
}
