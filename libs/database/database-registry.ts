import { systemClock } from '#core';
import { DatabaseBroken, DatabaseClosing, DatabaseInUse } from './errors.js';

const LEASE_POLL_MS = 5;

export interface RegistryStats {
  readonly open: number;
  readonly inUse: number;
  readonly maxOpen: number;
  readonly opened: number;
  readonly evicted: number;
}

/** A database, or what is built on one. */
export interface Lendable {
  /** False after a fatal error. */
  readonly healthy: boolean;
  /** Lets queued writes finish, cuts off what still runs after `graceMs`, and closes. Idempotent. */
  close(graceMs?: number): Promise<void>;
}

interface Entry<D extends Lendable> {
  readonly opening: Promise<D>;
  database: D | null;
  leases: number;
  closing: Promise<void> | null;
}

/**
 * The open databases of the process, by key. A database is opened once however many ask for it, lent for the length of a callback, kept open for
 * the next caller, and closed when more than `maxOpen` are open and nobody holds it (the one unused for longest first). While all are in use, the
 * number may be exceeded: a lease is never refused for the size.
 */
export class DatabaseRegistry<D extends Lendable> {
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry<D>>();
  /** Those that nobody may open at the moment, and until when. */
  readonly #shut = new Map<string, Promise<void>>();
  #opened = 0;
  #evicted = 0;
  #closed = false;

  constructor(private readonly options: { readonly maxOpen: number }) {}

  /**
   * Lends the database `key` to `fn`, opening it with `open` when it is not. After a fatal error the database is reopened for the next caller.
   * @throws whatever `open` throws (then nothing is kept), and whatever `fn` throws.
   */
  async lend<T>(key: string, open: () => Promise<D>, fn: (database: D) => Promise<T>): Promise<T> {
    const entry = await this.#take(key, open);
    try {
      return await fn(await entry.opening);
    } finally {
      entry.leases -= 1;
      if (entry.database?.healthy === false) void this.#retireIdle(key, entry);
      this.#evictSurplus();
    }
  }

  /** Closes the database `key` as soon as nobody holds it. Resolves when it is closed; at once when it is not open or still in use. */
  async release(key: string): Promise<boolean> {
    const entry = this.#entries.get(key);
    if (!entry) return true;
    if (entry.leases > 0) return false;
    await this.#retireIdle(key, entry);
    return true;
  }

  /**
   * Closes the database `key` although it may be lent: who holds it is cut off after `graceMs`, who comes later waits, and has it opened anew. Resolves
   * when it is closed, or could not be.
   */
  async recall(key: string, graceMs?: number): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry) await this.#retire(key, entry, graceMs);
  }

  /**
   * Runs `fn` while the database `key` is closed and nobody can open it: who comes meanwhile waits. Those who hold it are waited for.
   * @throws DatabaseInUse when somebody still holds it after `patienceMs`, or somebody else has it shut already; whatever `fn` throws.
   */
  async whileClosed<T>(key: string, patienceMs: number, fn: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new DatabaseClosing();
    if (this.#shut.has(key)) throw new DatabaseInUse();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shut.set(key, promise);
    try {
      await this.#emptied(key, patienceMs);
      return await fn();
    } finally {
      this.#shut.delete(key);
      resolve();
    }
  }

  /** The databases that are open, with their keys. What is done with one must not take its being open for granted. */
  open(): (readonly [key: string, database: D])[] {
    return [...this.#entries].flatMap(([key, { database, closing }]) => (database && !closing ? [[key, database] as const] : []));
  }

  isOpen(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry?.closing === null && entry.database?.healthy === true;
  }

  /** The database `key` if it is open, and how many hold it. It must not be used: it is not lent. */
  peek(key: string): { readonly database: D; readonly leases: number } | null {
    const entry = this.#entries.get(key);
    return entry?.database && !entry.closing ? { database: entry.database, leases: entry.leases } : null;
  }

  stats(): RegistryStats {
    const entries = [...this.#entries.values()];
    return {
      open: entries.length,
      inUse: entries.filter((entry) => entry.leases > 0).length,
      maxOpen: this.options.maxOpen,
      opened: this.#opened,
      evicted: this.#evicted,
    };
  }

  /** Refuses new leases, and closes everything: what still runs is given `graceMs`, then cut off. */
  async close(graceMs?: number): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#shut.values());
    await Promise.allSettled(
      [...this.#entries].map(async ([key, entry]) => {
        const database = await entry.opening;
        await database.close(graceMs);
        this.#entries.delete(key);
      }),
    );
  }

  async #take(key: string, open: () => Promise<D>): Promise<Entry<D>> {
    for (;;) {
      if (this.#closed) throw new DatabaseClosing();
      const shut = this.#shut.get(key);
      if (shut) {
        await shut;
        continue;
      }
      const known = this.#entries.get(key);
      if (known?.database?.healthy === false) {
        // Waiting for those who still hold a broken one could be waiting for oneself.
        if (known.leases > 0) throw new DatabaseBroken();
        void this.#retireIdle(key, known);
      }
      if (known?.closing) {
        await known.closing;
        continue;
      }
      const entry = known ?? this.#start(key, open);
      entry.leases += 1;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      return entry;
    }
  }

  /** Closes what nobody is lent any more. */
  async #emptied(key: string, patienceMs: number): Promise<void> {
    const deadline = systemClock.now() + patienceMs;
    for (let entry = this.#entries.get(key); entry; entry = this.#entries.get(key)) {
      if (entry.leases === 0) await this.#retire(key, entry);
      else if (systemClock.now() >= deadline) throw new DatabaseInUse();
      else await systemClock.sleep(LEASE_POLL_MS);
    }
  }

  #start(key: string, open: () => Promise<D>): Entry<D> {
    const entry: Entry<D> = { opening: open(), database: null, leases: 0, closing: null };
    entry.opening.then(
      (database) => {
        entry.database = database;
        this.#opened += 1;
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }

  #evictSurplus(): void {
    if (this.#entries.size <= this.options.maxOpen) return;
    let surplus = [...this.#entries.values()].filter((entry) => !entry.closing).length - this.options.maxOpen;
    for (const [key, entry] of this.#entries) {
      if (surplus <= 0) return;
      if (entry.leases > 0 || entry.closing || !entry.database) continue;
      surplus -= 1;
      this.#evicted += 1;
      void this.#retireIdle(key, entry);
    }
  }

  #retireIdle(key: string, entry: Entry<D>): Promise<void> {
    return entry.leases > 0 ? Promise.resolve() : this.#retire(key, entry);
  }

  #retire(key: string, entry: Entry<D>, graceMs?: number): Promise<void> {
    const forget = (): void => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    // What could not be closed well shows itself to whoever opens it next.
    entry.closing ??= entry.opening.then((database) => database.close(graceMs)).then(forget, forget);
    return entry.closing;
  }
}
