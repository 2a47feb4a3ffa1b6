import { Unavailable, type Clock } from '#core';
import { Entry, Inventory, type PoolKey } from './inventory.js';
import { lease, type Lease } from './lease.js';
import type { PoolEnd, PoolEvent, PoolEventKind } from './pool-event.js';
import { PoolTally, type PoolStats } from './pool-stats.js';

export interface LeasePoolOptions {
  /** How many instances are kept, at least 0. With 0 each is disposed when nobody holds it any more. */
  readonly size: number;
  /** How long an instance is kept after its last use. */
  readonly ttlMs: number;
  /** Should never jump: `steadyClock`. */
  readonly clock: Clock;
  /** Is told at once of what happens, and must not throw. */
  readonly onEvent?: (event: PoolEvent) => void;
}

/**
 * Keeps what is costly to make, and lends it. Instances are shared: all who ask for one key at the same time hold the same one, and whoever holds
 * one can rely on it: it is disposed only when nobody does, and exactly once.
 *
 * An instance is only ever lent for the hash that it was made for. Which of two hashes is the newer one can't be seen from them, so the one that was
 * asked for last counts as the present configuration of its name: of each name only that one is kept when nobody holds it. Others that are in use
 * stay, are lent to those who ask for exactly them (which makes them the present one again), and otherwise go when they are given back; after that,
 * whoever still needs an old configuration has it made again. So configurations that are edited over and over do not pile up, a secret that was
 * replaced does not linger, and work that was planned on an old configuration runs on exactly that one.
 */
export class LeasePool<T extends AsyncDisposable> {
  /** While there are more than are kept, all of them are in use. */
  readonly #inventory = new Inventory<T>();
  readonly #tally = new PoolTally();
  readonly #disposals = new Set<Promise<void>>();
  #closed = false;

  constructor(private readonly options: LeasePoolOptions) {}

  /**
   * Lends the instance of a key. When there is none it is made, once for all who ask meanwhile.
   * @throws whatever `make` throws, to all who waited for it; the next acquisition tries again. Unavailable when the pool was closed.
   */
  async acquire(key: PoolKey, make: () => Promise<T>): Promise<Lease<T>> {
    if (this.#closed) throw new Unavailable('The pool is closed: the server is shutting down. Try again when it is back.');
    const known = this.#find(key);
    for (const other of this.#inventory.named(key)) if (other !== known && other.holders === 0) void this.#dispose(other, 'evicted');
    const entry = known ?? this.#begin(key);
    entry.holders += 1;
    this.#inventory.asked(entry);
    this.#inventory.used(entry, this.options.clock.now());
    // Only now that it is known, so that also a failure at once finds it.
    if (!known) entry.making.resolve(this.#make(entry, make));
    const instance = await entry.making.promise;
    if (known) {
      this.#tally.add(key.owner, 'hits');
      this.#tell(entry, 'reused');
    }
    return lease(instance, () => this.#release(entry));
  }

  /**
   * Ends an owner's instances, all of them or those of one name: they are no longer handed out, and disposed as soon as nobody holds them.
   * @returns how many there were, once those that nobody holds are disposed.
   */
  async end(owner: string, name?: string): Promise<number> {
    const ending = [...this.#inventory.all()].filter(
      ({ key, ended }) => !ended && key.owner === owner && (name === undefined || key.name === name),
    );
    await Promise.all(ending.map((entry) => this.#end(entry)));
    return ending.length;
  }

  /** Disposes what nobody has used for too long. @returns how many there were. */
  async clearExpired(): Promise<number> {
    const expired = [...this.#inventory.all()].filter((entry) => this.#isExpired(entry));
    await Promise.all(expired.map((entry) => this.#dispose(entry, 'expired')));
    return expired.length;
  }

  /** @param owner for the instances and the counts of one owner; everybody's when left out. */
  stats(owner?: string): PoolStats {
    const entries = [...this.#inventory.all()].filter(({ key }) => owner === undefined || key.owner === owner);
    const now = this.options.clock.now();
    const ages = entries.filter(({ instance }) => instance !== null).map(({ madeAtMs }) => (now - madeAtMs) / 60_000);
    return {
      totalInstances: entries.length,
      maxInstances: this.options.size,
      inUse: entries.filter(({ holders }) => holders > 0).length,
      ttlMinutes: this.options.ttlMs / 60_000,
      oldestAgeMinutes: ages.length === 0 ? null : Math.max(...ages),
      ...this.#tally.of(owner),
    };
  }

  /** Refuses new leases, and ends everything. Resolves when all that nobody holds is disposed; the rest is when it is given back. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of this.#inventory.all()) void this.#end(entry);
    await Promise.all(this.#disposals);
  }

  /** What can be lent for a key. The time to live holds also where nobody has cleared what is over it. */
  #find(key: PoolKey): Entry<T> | null {
    const found = this.#inventory.find(key);
    if (!found || !this.#isExpired(found)) return found;
    void this.#dispose(found, 'expired');
    return null;
  }

  /** One that is about to be made. Before that, those that were used least recently make room, as far as nobody holds them. */
  #begin(key: PoolKey): Entry<T> {
    this.#tally.add(key.owner, 'misses');
    for (const entry of this.#inventory.all()) {
      if (this.#inventory.size < this.options.size) break;
      if (entry.holders === 0) void this.#dispose(entry, 'evicted');
    }
    return new Entry(key, this.options.clock.now());
  }

  async #make(entry: Entry<T>, make: () => Promise<T>): Promise<T> {
    try {
      entry.instance = await make();
    } catch (error) {
      this.#inventory.forget(entry);
      throw error;
    }
    entry.madeAtMs = this.options.clock.now();
    this.#tell(entry, 'created');
    return entry.instance;
  }

  async #release(entry: Entry<T>): Promise<void> {
    entry.holders -= 1;
    this.#inventory.used(entry, this.options.clock.now());
    if (entry.holders > 0) return;
    if (entry.ended) await this.#dispose(entry, 'ended');
    // When there are too many, all the others are in use.
    else if (this.#inventory.isSuperseded(entry) || this.#inventory.size > this.options.size) await this.#dispose(entry, 'evicted');
  }

  async #end(entry: Entry<T>): Promise<void> {
    entry.ended = true;
    this.#inventory.withdraw(entry);
    if (entry.holders === 0) await this.#dispose(entry, 'ended');
  }

  /** Forgets one that nobody holds at once, and resolves when it is disposed. Never throws. */
  #dispose(entry: Entry<T>, end: PoolEnd): Promise<void> {
    this.#inventory.forget(entry);
    if (end === 'evicted') this.#tally.add(entry.key.owner, 'evictions');
    if (end === 'expired') this.#tally.add(entry.key.owner, 'expirations');
    this.#tell(entry, end);
    const disposal = this.#disposed(entry).finally(() => this.#disposals.delete(disposal));
    this.#disposals.add(disposal);
    return disposal;
  }

  async #disposed(entry: Entry<T>): Promise<void> {
    try {
      await entry.instance?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#tally.add(entry.key.owner, 'disposalErrors');
      this.#tell(entry, 'disposal-failed', { error });
    }
  }

  #isExpired({ holders, usedAtMs }: Entry<T>): boolean {
    return holders === 0 && this.options.clock.now() - usedAtMs >= this.options.ttlMs;
  }

  #tell({ id, key: { owner, name } }: Entry<T>, kind: PoolEventKind, more: { readonly error?: unknown } = {}): void {
    this.options.onEvent?.({ kind, owner, name, instanceId: id, ...more });
  }
}
