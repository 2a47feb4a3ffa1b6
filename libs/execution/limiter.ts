import type { Clock } from '#core';

interface Waiter {
  readonly max: number;
  readonly signal: AbortSignal;
  readonly grant: () => void;
}

/**
 * The slots of one endpoint and credential, shared by all who send there. A slot is held only while a request is on the wire. Before that, a
 * request has a place in the queue, for which its intent may be made durable. Slots that are taken and places together are at most a quarter more
 * than the slots: a slot that becomes free finds a request ready, and a crash leaves few intents that were never sent.
 *
 * Both queues are strictly first come, first served. Whoever brings a smaller maximum waits until there are fewer requests than that, and those
 * behind wait with them: nobody starves.
 */
export class Limiter {
  #onWire = 0;
  #ahead = 0;
  #heldUntil = 0;
  #places: Waiter[] = [];
  #slots: Waiter[] = [];
  #pausing: AbortController | null = null;

  constructor(private readonly clock: Clock) {}

  /** How many requests are on the wire. */
  get inFlight(): number {
    return this.#onWire;
  }

  /**
   * Waits for a place in the queue.
   * @param max how many may be on the wire at once, at least 1.
   * @param signal ends this wait and that of `enter`, which then reject with its reason.
   */
  async place(max: number, signal: AbortSignal): Promise<Place> {
    await this.#wait(this.#places, max, signal);
    let held: 'place' | 'slot' | 'nothing' = 'place';
    return {
      enter: async () => {
        await this.#wait(this.#slots, max, signal);
        held = 'slot';
        this.#ahead -= 1;
        this.#admit();
      },
      release: () => {
        if (held === 'place') this.#ahead -= 1;
        if (held === 'slot') this.#onWire -= 1;
        held = 'nothing';
        this.#admit();
      },
    };
  }

  /** Lets nothing more onto the wire for `ms`: the endpoint has asked for a pause. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.clock.now() + ms);
  }

  async #wait(queue: Waiter[], max: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      let waiting = true;
      const abort = (): void => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(signal.reason as Error);
        // Whoever stood behind may have needed less.
        this.#admit();
      };
      const waiter: Waiter = {
        max,
        signal,
        grant: () => {
          waiting = false;
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      queue.push(waiter);
      this.#admit();
      if (waiting) signal.addEventListener('abort', abort, { once: true });
    });
  }

  #admit(): void {
    const pauseMs = this.#heldUntil - this.clock.now();
    if (pauseMs > 0) {
      const anybody = this.#slots.length + this.#places.length > 0;
      if (!anybody) this.#pausing?.abort();
      else if (!this.#pausing) void this.#resumeAfter(pauseMs);
      return;
    }
    // One that was aborted takes itself out of the queue, and then those behind are admitted.
    for (let next = this.#slots[0]; next && !next.signal.aborted && this.#onWire < next.max; next = this.#slots[0]) {
      this.#slots.shift();
      this.#onWire += 1;
      next.grant();
    }
    for (
      let next = this.#places[0];
      next && !next.signal.aborted && this.#ahead + this.#onWire < next.max + Math.ceil(next.max / 4);
      next = this.#places[0]
    ) {
      this.#places.shift();
      this.#ahead += 1;
      next.grant();
    }
  }

  /** Sleeps only while somebody waits: a pause of an hour must not keep an idle process alive. */
  async #resumeAfter(pauseMs: number): Promise<void> {
    const pausing = new AbortController();
    this.#pausing = pausing;
    await this.clock.sleep(pauseMs, pausing.signal).catch(() => undefined);
    this.#pausing = null;
    this.#admit();
  }
}

export interface Place {
  /** Waits for a slot. */
  enter(): Promise<void>;
  /** Gives back whatever is held. Idempotent. */
  release(): void;
}

/** One limiter for each endpoint and credential of the process. */
export class Limiters {
  readonly #byKey = new Map<string, Limiter>();

  constructor(private readonly clock: Clock) {}

  get(limitKey: string): Limiter {
    const known = this.#byKey.get(limitKey);
    if (known) return known;
    const limiter = new Limiter(this.clock);
    this.#byKey.set(limitKey, limiter);
    return limiter;
  }
}
