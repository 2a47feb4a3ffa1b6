/** What is counted from the beginning on. */
export interface PoolCounts {
  /** Acquisitions that were given an instance that was there, or was just being made for somebody else. */
  hits: number;
  /** Acquisitions that had to make one, also when that failed. */
  misses: number;
  /** Disposed for another one: for a newer configuration, or because there were more than the pool keeps. */
  evictions: number;
  expirations: number;
  disposalErrors: number;
}

/** How a pool is doing, or the part of it that is one owner's. */
export interface PoolStats extends Readonly<PoolCounts> {
  /** Idle ones, those in use, and those being made. */
  readonly totalInstances: number;
  /** How many are kept, of all owners together. What is in use may exceed it. */
  readonly maxInstances: number;
  readonly inUse: number;
  readonly ttlMinutes: number;
  /** Since the oldest one was made; null when there is none. */
  readonly oldestAgeMinutes: number | null;
}

const nothing = (): PoolCounts => ({ hits: 0, misses: 0, evictions: 0, expirations: 0, disposalErrors: 0 });

/** Counts for everybody, and for each owner. Owners are never forgotten: there are as many as there are people. */
export class PoolTally {
  readonly #total = nothing();
  readonly #byOwner = new Map<string, PoolCounts>();

  add(owner: string, what: keyof PoolCounts): void {
    const own = this.#byOwner.get(owner) ?? nothing();
    this.#byOwner.set(owner, own);
    own[what] += 1;
    this.#total[what] += 1;
  }

  /** @param owner whose; everybody's when left out. */
  of(owner?: string): PoolCounts {
    return { ...(owner === undefined ? this.#total : (this.#byOwner.get(owner) ?? nothing())) };
  }
}
