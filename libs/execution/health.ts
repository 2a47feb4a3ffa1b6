import type { Clock, GeneratorError } from '#core';
import { Breaker, type BreakerState } from './breaker.js';
import type { LimitSettings } from './limit-settings.js';
import { askedPauseMs, concernsRequest, isOverload, isThrottle } from './retry-policy.js';
import { RetryBudget } from './retry-budget.js';
import { Window } from './window.js';

/** After so long without a request, nothing that was learned of an endpoint is worth keeping. */
const FORGOTTEN_AFTER_MS = 600_000;

/** A request that went on the wire. */
export interface Sent {
  readonly number: number;
  readonly at: number;
  readonly isProbe: boolean;
}

/** What the answers of an endpoint say about it, and how much it is sent therefore. */
export class Health {
  readonly retries: RetryBudget;
  readonly #window: Window;
  readonly #breaker: Breaker;
  #sent = 0;
  #sentAt = -Infinity;
  #heldUntil = -Infinity;
  #throttled = 0;
  #answers = 0;

  constructor(
    private readonly clock: Clock,
    settings: LimitSettings,
  ) {
    this.retries = new RetryBudget(settings.retries);
    this.#window = new Window(settings.maxInFlight, settings.longestGapMs);
    this.#breaker = new Breaker(settings.breaker, settings.random);
  }

  /** How many requests were answered. */
  get answers(): number {
    return this.#answers;
  }

  /** How many requests were refused because there were too many. */
  get throttled(): number {
    return this.#throttled;
  }

  get slots(): number {
    return this.#breaker.isClosed ? this.#window.slots : 1;
  }

  breaker(now: number): BreakerState {
    return this.#breaker.state(now);
  }

  /** How long until the next probe may be sent; null: it needs none. */
  retryInMs(now: number): number | null {
    const { retryAt } = this.#breaker;
    return retryAt === null ? null : Math.max(0, retryAt - now, this.heldForMs(now));
  }

  /** How long it has been held to be down; 0 while it is not. */
  downForMs(now: number): number {
    return now - (this.#breaker.openedAt ?? now);
  }

  /** How much longer the endpoint has asked to be left alone. */
  heldForMs(now: number): number {
    return Math.max(0, this.#heldUntil - now);
  }

  /** How long nobody at all is sent anything. */
  waitMs(now: number): number {
    return Math.max(this.#heldUntil, this.#breaker.retryAt ?? -Infinity) - now;
  }

  /** How long the next request has to wait for its turn, though there is a slot. */
  paceMs(now: number): number {
    return this.#window.paceMs(now);
  }

  hasSlot(onWire: number): boolean {
    return this.#breaker.isClosed ? onWire < this.#window.slots : !this.#breaker.isProbing;
  }

  hasPlace(ahead: number, onWire: number): boolean {
    if (!this.#breaker.isClosed) return ahead === 0 && !this.#breaker.isProbing;
    const { slots } = this.#window;
    return ahead + onWire < slots + Math.ceil(slots / 4);
  }

  /** @param onWire with this one. */
  sent(onWire: number, now: number): Sent {
    this.#sentAt = now;
    this.#window.sent(now);
    return { number: ++this.#sent, at: now, isProbe: this.#breaker.sent(onWire) };
  }

  /** The endpoint has done what it was asked. @param onWire with this one. */
  answered(sent: Sent, onWire: number): void {
    this.#answers += 1;
    this.retries.earn();
    this.#window.answered(this.clock.now() - sent.at, onWire);
    this.#isThere(onWire);
  }

  /** @param onWire with this one. @returns whether the endpoint is held to be down, so that the failure says nothing of the request. */
  failed(sent: Sent, failure: GeneratorError, itemId: string, onWire: number): boolean {
    const now = this.clock.now();
    const { fault } = failure;
    if (isThrottle(failure)) this.#throttled += 1;
    if (isOverload(failure)) this.#window.throttled(sent.number, this.#sent, onWire);
    this.#heldUntil = Math.max(this.#heldUntil, now + (askedPauseMs(failure) ?? 0));
    if (fault === 'rate-limited' || fault === 'unavailable' || fault === 'timeout') {
      const isDown = this.#breaker.failed({ itemId, number: sent.number, isProbe: sent.isProbe }, now);
      // A probe that fails by itself counts for its item: or some that always fail would wait for ever for an endpoint that is there.
      return isDown && !(sent.isProbe && concernsRequest(failure));
    }
    if (fault === 'forbidden-address') this.withdrawn(sent);
    else this.#isThere(onWire);
    return false;
  }

  /** It was cut off: nothing is known of the endpoint. */
  withdrawn(sent: Sent): void {
    if (sent.isProbe) this.#breaker.withdrawn();
  }

  /** Whether nothing is lost when it begins anew. */
  isForgettable(now: number): boolean {
    if (this.#heldUntil > now) return false;
    if (now - this.#sentAt > FORGOTTEN_AFTER_MS) return true;
    return this.#window.isOpen && this.#breaker.isUntouched && this.retries.isRestored(now);
  }

  #isThere(onWire: number): void {
    const { peak } = this.#breaker;
    if (this.#breaker.answered(onWire, this.#sent)) this.#window.restart(peak, this.#sent);
  }
}
