/** What additions of fractions leave over. */
const EPSILON = 1e-6;

/**
 * A token bucket (as a meter: RFC 2697, ITU-T I.371): it fills evenly, and holds what a second brings, at least 1. So what is taken in any span of
 * time is at most what the rate allows in that span, and one bucket more. What is larger than the bucket is taken from a full one, which then owes
 * the rest and lets nothing pass until that is paid. Without a rate it lets everything pass.
 */
export class TokenBucket {
  #perMs = 0;
  #capacity = Infinity;
  #level = Infinity;
  #at = 0;
  #limited = false;

  /** Whether there is a rate at present. */
  get limited(): boolean {
    return this.#limited;
  }

  /** Changes the rate. What was owed is still owed; a bucket that never had a rate begins full. @param perMinute null: no limit. */
  setRate(perMinute: number | null, now: number): void {
    this.#limited = perMinute !== null;
    if (perMinute === null) return;
    this.#fill(now);
    this.#perMs = perMinute / 60_000;
    this.#capacity = Math.max(1, perMinute / 60);
    this.#level = Math.min(this.#level, this.#capacity);
  }

  /**
   * How long until `amount` may be taken beside what is `promised` already: 0 now, Infinity not before a promise was kept or withdrawn.
   */
  waitMs(amount: number, promised: number, now: number): number {
    if (!this.#limited) return 0;
    this.#fill(now);
    const needed = promised === 0 ? Math.min(amount, this.#capacity) : promised + amount;
    const lacking = needed - this.#level;
    if (lacking <= EPSILON) return 0;
    return needed > this.#capacity ? Infinity : Math.ceil(lacking / this.#perMs);
  }

  take(amount: number, now: number): void {
    if (!this.#limited) return;
    this.#fill(now);
    this.#level -= amount;
  }

  /** Gives back what was taken too much; a negative amount is what was taken too little. */
  give(amount: number, now: number): void {
    this.take(-amount, now);
    this.#level = Math.min(this.#level, this.#capacity);
  }

  /** Whether a new bucket would be just the same. */
  isFull(now: number): boolean {
    if (this.#perMs === 0) return true;
    this.#fill(now);
    return this.#level >= this.#capacity - EPSILON;
  }

  #fill(now: number): void {
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
