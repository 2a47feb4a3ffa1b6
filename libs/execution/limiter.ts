import type { Clock } from '#core';
import { Alarm } from './alarm.js';
import { Health, type Sent } from './health.js';
import type { Lane } from './lane.js';
import { Lanes } from './lanes.js';
import type { LimitSettings } from './limit-settings.js';
import type { Line } from './line.js';
import type { Ask, LimitState, Place } from './place.js';
import { Turns } from './turns.js';

/**
 * The slots of one endpoint and credential, shared by all who send there. A slot is held only while a request is on the wire. Before that, a
 * request has a place in the queue, for which its intent may be made durable. Slots that are taken and places together are at most a quarter more
 * than the slots: a slot that becomes free finds a request ready, and a crash leaves few intents that were never sent.
 *
 * Each user has a lane. Lanes take turns, and within a lane it is first come, first served: nobody starves. A user's own limits bind that lane; the
 * operator's, and what the endpoint's answers say (`Health`), bind all together.
 */
export class Limiter {
  #onWire = 0;
  #waiting = 0;
  #wasAgain = false;
  readonly #lanes = new Lanes();
  readonly #health: Health;
  readonly #alarm: Alarm;
  readonly #turns: Turns;

  constructor(
    private readonly clock: Clock,
    settings: LimitSettings,
  ) {
    this.#health = new Health(clock, settings);
    this.#alarm = new Alarm(clock, () => {
      this.#turns.wake(clock.now());
      this.#admit();
    });
    this.#turns = new Turns(this.#alarm);
  }

  /** How many requests are on the wire. */
  get inFlight(): number {
    return this.#onWire;
  }

  /** How many users are known. */
  get lanes(): number {
    return this.#lanes.size;
  }

  /** How many requests were answered so far. */
  get answers(): number {
    return this.#health.answers;
  }

  state(user: string): LimitState {
    const now = this.clock.now();
    const lane = this.#lanes.find(user);
    return {
      breaker: this.#health.breaker(now),
      retryInMs: this.#health.retryInMs(now),
      downForMs: this.#health.downForMs(now),
      heldForMs: this.#health.heldForMs(now),
      inFlight: this.#onWire,
      window: this.#health.slots,
      waiting: this.#waiting,
      throttled: this.#health.throttled,
      own: { inFlight: lane?.onWire ?? 0, waiting: lane?.waiting ?? 0 },
    };
  }

  /** Whether nobody uses it, and nothing is lost when it begins anew. */
  isForgettable(now: number): boolean {
    return this.#health.isForgettable(now) && this.#lanes.areIdle(now);
  }

  /**
   * Waits for a place in the queue.
   * @param signal ends this wait and that of `enter`, which then reject with its reason.
   */
  async place(ask: Ask, signal: AbortSignal): Promise<Place> {
    signal.throwIfAborted();
    const lane = this.#lanes.get(ask.user, this.clock.now());
    const { limits, itemId, inputTokens, again } = ask;
    const tokens = lane.join(limits, inputTokens, this.clock.now());
    let held: 'nothing' | 'place' | 'slot' = 'nothing';
    let sent: Sent | null = null;
    const leave = (): void => {
      lane.leave(limits, this.clock.now());
      this.#turns.file(lane);
      this.#admit();
    };
    try {
      await this.#wait(lane, again ? lane.retries : lane.places, tokens, signal, () => {
        held = 'place';
        if (again) this.#health.retries.spend();
        this.#turns.placed(lane, tokens);
      });
    } catch (error) {
      leave();
      throw error;
    }
    return {
      enter: () =>
        this.#wait(lane, lane.slots, tokens, signal, (now) => {
          held = 'slot';
          this.#onWire += 1;
          sent = this.#health.sent(this.#onWire, now);
          lane.sent(tokens, now);
          this.#turns.unplaced(lane, tokens);
        }),
      answered: (used) => {
        if (sent) this.#health.answered(sent, this.#onWire);
        sent = null;
        lane.answered(tokens, used, inputTokens, this.clock.now());
      },
      failed: (failure) => {
        const isDown = sent !== null && this.#health.failed(sent, failure, itemId, this.#onWire);
        sent = null;
        return isDown;
      },
      release: () => {
        if (held === 'nothing') return;
        if (held === 'slot') {
          this.#onWire -= 1;
          lane.onWire -= 1;
          if (sent) this.#health.withdrawn(sent);
        } else {
          this.#turns.unplaced(lane, tokens);
          if (again) this.#health.retries.refund();
        }
        held = 'nothing';
        leave();
      },
    };
  }

  async #wait(lane: Lane, line: Line, tokens: number, signal: AbortSignal, granted: (now: number) => void): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      let waits = true;
      const end = (): void => {
        waits = false;
        this.#waiting -= 1;
        signal.removeEventListener('abort', abort);
      };
      const leave = line.join({
        tokens,
        signal,
        grant: (now) => {
          end();
          granted(now);
          resolve();
        },
      });
      const abort = (): void => {
        leave();
        end();
        this.#turns.file(lane);
        reject(signal.reason as Error);
        // Whoever stood behind may have needed less.
        this.#admit();
      };
      this.#waiting += 1;
      this.#turns.file(lane);
      this.#admit();
      if (waits) signal.addEventListener('abort', abort, { once: true });
    });
  }

  #admit(): void {
    if (this.#waiting === 0) {
      this.#alarm.clear();
      return;
    }
    const now = this.clock.now();
    const waitMs = this.#health.waitMs(now);
    if (waitMs > 0) {
      this.#alarm.set(now + waitMs);
      return;
    }
    this.#admitToWire(now);
    this.#admitToPlaces(now);
  }

  #admitToWire(now: number): void {
    for (const lane of this.#turns.slots) {
      if (!this.#health.hasSlot(this.#onWire)) return;
      const paceMs = this.#health.paceMs(now);
      if (paceMs > 0) {
        this.#alarm.set(now + paceMs);
        return;
      }
      const waiter = lane.slots.first;
      const waitMs = lane.slotWaitMs(waiter?.tokens ?? 0, now);
      // One that was aborted takes itself out of the line, and then those behind are admitted.
      if (!waiter || waiter.signal.aborted) this.#turns.slots.delete(lane);
      else if (waitMs > 0) this.#turns.stall(lane, now + waitMs);
      else lane.slots.shift()?.grant(now);
    }
  }

  #admitToPlaces(now: number): void {
    const { places, retries } = this.#turns;
    while (this.#health.hasPlace(this.#turns.ahead, this.#onWire)) {
      // Old and new in turns: what fails again and again must not keep what may not fail from being sent.
      const again = retries.size > 0 && (places.size === 0 || !this.#wasAgain) && this.#health.retries.waitMs(now) === 0;
      this.#wasAgain = again;
      const ring = again ? retries : places;
      const lane = ring.values().next().value;
      if (!lane) {
        if (retries.size > 0) this.#alarm.set(now + this.#health.retries.waitMs(now));
        return;
      }
      const line = again ? lane.retries : lane.places;
      const waitMs = lane.placeWaitMs(line.first?.tokens ?? 0, now);
      if (!line.first || line.first.signal.aborted) ring.delete(lane);
      else if (waitMs > 0) this.#turns.rest(lane, now + waitMs);
      else line.shift()?.grant(now);
    }
  }
}
