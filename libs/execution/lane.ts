import type { GeneratorLimits } from '#core';
import { Line } from './line.js';
import { TokenBucket } from './token-bucket.js';

/** What a request is expected to bring beyond its own words until an answer has shown it: the system prompt, and the answer. */
const FIRST_SURPLUS_TOKENS = 256;

/** What one user sends to an endpoint: who waits, how much is under way, and that user's own limits. Of several generators the strictest counts. */
export class Lane {
  /** Who has a place and waits for a slot; who waits for a place; who waits for a place to send something again. */
  readonly slots = new Line();
  readonly places = new Line();
  readonly retries = new Line();
  onWire = 0;
  /** How many have a place, and what they are estimated at. */
  ahead = 0;
  #aheadTokens = 0;
  readonly #members = new Map<GeneratorLimits, number>();
  #maxInFlight = Infinity;
  readonly #requests = new TokenBucket();
  readonly #tokens = new TokenBucket();
  #surplusTokens = FIRST_SURPLUS_TOKENS;

  get waiting(): number {
    return this.slots.length + this.places.length + this.retries.length;
  }

  get hasSlot(): boolean {
    return this.onWire < this.#maxInFlight;
  }

  get hasPlace(): boolean {
    return this.ahead + this.onWire < this.#maxInFlight + Math.ceil(this.#maxInFlight / 4);
  }

  /** A request comes, under the limits of its generator. @returns what it will take in tokens, as far as one can tell. */
  join(limits: GeneratorLimits, inputTokens: number, now: number): number {
    const members = this.#members.get(limits) ?? 0;
    this.#members.set(limits, members + 1);
    if (members === 0) this.#adopt(now);
    return inputTokens + this.#surplusTokens;
  }

  leave(limits: GeneratorLimits, now: number): void {
    const members = (this.#members.get(limits) ?? 0) - 1;
    if (members > 0) {
      this.#members.set(limits, members);
      return;
    }
    this.#members.delete(limits);
    this.#adopt(now);
  }

  /** How long until what has a place may go on the wire; 0: now. */
  slotWaitMs(tokens: number, now: number): number {
    return Math.max(this.#requests.waitMs(1, 0, now), this.#tokens.waitMs(tokens, 0, now));
  }

  /** How long until a place may be given, so that it need not wait for the rates afterwards; Infinity: not before another one is gone. */
  placeWaitMs(tokens: number, now: number): number {
    return Math.max(this.#requests.waitMs(1, this.ahead, now), this.#tokens.waitMs(tokens, this.#aheadTokens, now));
  }

  placed(tokens: number): void {
    this.ahead += 1;
    this.#aheadTokens += tokens;
  }

  /** What had a place has it no more. */
  unplaced(tokens: number): void {
    this.ahead -= 1;
    this.#aheadTokens = this.ahead === 0 ? 0 : this.#aheadTokens - tokens;
  }

  sent(tokens: number, now: number): void {
    this.onWire += 1;
    this.#requests.take(1, now);
    this.#tokens.take(tokens, now);
  }

  /** @param estimated what was taken for it. @param used what it was in the end, of which `inputTokens` were foreseen. */
  answered(estimated: number, used: number, inputTokens: number, now: number): void {
    this.#surplusTokens += (Math.max(0, used - inputTokens) - this.#surplusTokens) / 8;
    this.#tokens.give(estimated - used, now);
  }

  /** Whether a new lane would be just the same. */
  isIdle(now: number): boolean {
    return this.#members.size === 0 && this.#requests.isFull(now) && this.#tokens.isFull(now);
  }

  /** What was taken under limits of which nobody is left stays taken. */
  #adopt(now: number): void {
    if (this.#members.size === 0) return;
    const least = (of: (limits: GeneratorLimits) => number | null): number =>
      Math.min(...[...this.#members.keys()].map((limits) => of(limits) ?? Infinity));
    const rate = (value: number): number | null => (value === Infinity ? null : value);
    this.#maxInFlight = least((limits) => limits.maxInFlight);
    this.#requests.setRate(rate(least((limits) => limits.requestsPerMinute)), now);
    this.#tokens.setRate(rate(least((limits) => limits.tokensPerMinute)), now);
  }
}
