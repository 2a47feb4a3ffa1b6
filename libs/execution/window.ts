/** What is left of the window after a throttle. */
const DECREASE = 0.6;
/** Below this size, the window grows in proportion to itself: by one in a round trip would be as much as it has. */
const SMALL = 4;
/** One request in four round trips, or more where round trips are short. */
const LEAST = 0.25;
/** What takes no time by the clock takes this: or there would be no least window. */
const SHORTEST_LATENCY_MS = 1;
/** A guess, until there is an answer. */
const FIRST_LATENCY_MS = 100;

/**
 * How many requests an endpoint takes at once, learned from its answers: additive increase, multiplicative decrease (Chiu and Jain, "Analysis of the
 * Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks", 1989; TCP's slow start and congestion avoidance, RFC 5681). It
 * grows by about 1 for each window of answers and shrinks at most once for what was sent in one. There is none until the first throttle.
 *
 * A window below 1 is a rate: half a request at once is one in two round trips. So an endpoint is kept to whose limit is a rate, too, although it
 * answers in no time.
 */
export class Window {
  #size = Infinity;
  /** Up to here it grows fast. */
  #threshold = 0;
  /** What was sent up to this number can not shrink it any more. */
  #shrunkAt = 0;
  #latencyMs: number;
  #isMeasured = false;
  #nextAt = 0;

  /**
   * @param most what the operator allows.
   * @param longestGapMs however small it is, a request is sent after this pause, or four round trips if they take longer.
   */
  constructor(
    private readonly most: number,
    private readonly longestGapMs: number,
  ) {
    this.#latencyMs = Math.min(FIRST_LATENCY_MS, longestGapMs);
  }

  /** Whether the endpoint is sent as much as the operator allows. */
  get isOpen(): boolean {
    return this.#size === Infinity;
  }

  /** How many requests may be on the wire. */
  get slots(): number {
    return this.#size === Infinity ? this.most : Math.max(1, Math.floor(this.#size));
  }

  /** How long the next request has to wait for its turn when the window is smaller than 1. */
  paceMs(now: number): number {
    return this.#size >= 1 ? 0 : this.#nextAt - now;
  }

  sent(now: number): void {
    // The latency may have grown since the window shrank: however small it is, it must not become a pause without an end.
    if (this.#size < 1) this.#nextAt = now + Math.min(this.#latencyMs / this.#size, Math.max(this.longestGapMs, this.#latencyMs / LEAST));
  }

  /** @param onWire how many there were, with this one. A window that is not used says nothing of the endpoint and does not grow. */
  answered(latencyMs: number, onWire: number): void {
    this.#latencyMs += (latencyMs - this.#latencyMs) / (this.#isMeasured ? 8 : 1);
    this.#isMeasured = true;
    if (this.#size === Infinity || onWire < this.#size / 2) return;
    const small = this.#size / SMALL ** 2;
    this.#size += this.#size < this.#threshold ? 1 : Math.min(1 / this.#size, small);
    if (this.#size >= this.most) this.#size = Infinity;
  }

  /**
   * The endpoint had too much.
   * @param number of the request that it refused.
   * @param last the number of the last one that was sent.
   */
  throttled(number: number, last: number, onWire: number): void {
    if (number <= this.#shrunkAt) return;
    this.#shrunkAt = last;
    const least = Math.min(LEAST, Math.max(this.#latencyMs, SHORTEST_LATENCY_MS) / this.longestGapMs);
    this.#size = Math.max(least, Math.min(this.#size, this.most, onWire) * DECREASE);
    this.#threshold = 0;
  }

  /**
   * The endpoint is back: begins small, and grows fast to half of what there was.
   * @param peak the most that was on the wire.
   * @param last the number of the last request that was sent.
   */
  restart(peak: number, last: number): void {
    const before = Math.min(this.#size, peak);
    this.#shrunkAt = last;
    this.#threshold = before / 2;
    this.#size = Math.min(1, before);
    this.#nextAt = 0;
  }
}
