import type { Clock } from '#core';

/** A timer is asked for no more than this, and set again if that was too early. */
const LONGEST_SLEEP_MS = 3_600_000;

/** One timer, for the earliest of the moments that somebody waits for. It may go off early; it is never late. */
export class Alarm {
  #at = Infinity;
  #sleep: AbortController | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** Goes off at `at`, a moment of the clock in milliseconds, or before. */
  set(at: number): void {
    if (this.#at <= at) return;
    this.clear();
    const sleep = new AbortController();
    this.#at = at;
    this.#sleep = sleep;
    const ms = Math.min(LONGEST_SLEEP_MS, Math.max(0, Math.ceil(at - this.clock.now())));
    this.clock.sleep(ms, sleep.signal).then(
      () => {
        this.#at = Infinity;
        this.#sleep = null;
        this.ring();
      },
      () => undefined,
    );
  }

  /** Nobody waits any more: a pause of an hour must not keep an idle process alive. */
  clear(): void {
    this.#sleep?.abort();
    this.#sleep = null;
    this.#at = Infinity;
  }
}
