import type { Clock } from '#core';
import { DEFAULT_LIMITS, type LimitSettings } from './limit-settings.js';
import { Limiter } from './limiter.js';
import type { LimitState } from './place.js';

const FEW = 64;
/** Who is in no lane. */
const NOBODY = '';

/** One limiter for each endpoint and credential of the process. Those that nobody uses are forgotten, now and then. */
export class Limiters {
  readonly #byKey = new Map<string, Limiter>();
  readonly #settings: LimitSettings;
  #many = FEW;

  constructor(
    private readonly clock: Clock,
    settings: Partial<LimitSettings> = {},
  ) {
    this.#settings = { ...DEFAULT_LIMITS, ...settings };
  }

  /** How many endpoints are known. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The limiter of an endpoint. Don't keep it while nothing waits or is sent: it may be forgotten for a new one. */
  get(limitKey: string): Limiter {
    const known = this.#byKey.get(limitKey);
    if (known) return known;
    if (this.#byKey.size >= this.#many) this.#forget();
    const limiter = new Limiter(this.clock, this.#settings);
    this.#byKey.set(limitKey, limiter);
    return limiter;
  }

  /** How an endpoint is doing, for one user. Nothing is known of one that is not used: it is taken to be well. */
  state(limitKey: string, user: string): LimitState {
    return (this.#byKey.get(limitKey) ?? new Limiter(this.clock, this.#settings)).state(user);
  }

  /** How all known endpoints are doing, by their keys; of no user in particular. */
  *states(): Generator<readonly [limitKey: string, state: LimitState]> {
    for (const [key, limiter] of this.#byKey) yield [key, limiter.state(NOBODY)];
  }

  #forget(): void {
    const now = this.clock.now();
    for (const [key, limiter] of this.#byKey) if (limiter.isForgettable(now)) this.#byKey.delete(key);
    this.#many = Math.max(FEW, 2 * this.#byKey.size);
  }
}
