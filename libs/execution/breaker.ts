export interface BreakerSettings {
  /** So many failures in a row open it; more when more are on the wire at once. */
  readonly failures: number;
  /** And of so many items: what fails for a few prompts is told to those who sent them. */
  readonly items: number;
  /** How long it is open the first time; then twice as long each time, up to `maxMs`. */
  readonly baseMs: number;
  readonly maxMs: number;
}

export const BREAKER: BreakerSettings = { failures: 10, items: 5, baseMs: 1_000, maxMs: 60_000 };

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * A circuit breaker (Nygard, "Release It!"): an endpoint that only fails is left alone, but for one probe at a time, and used again as soon as it
 * answers. Few items that fail again and again do not open it: they come to their ends.
 */
export class Breaker {
  #failures = 0;
  #peak = 0;
  readonly #failing = new Set<string>();
  #openings = 0;
  #retryAt: number | null = null;
  #openedAt: number | null = null;
  #probing = false;
  /** What was sent up to this number is from before the last time it closed. */
  #closedAt = 0;

  constructor(
    private readonly settings: BreakerSettings,
    private readonly random: () => number,
  ) {}

  /** The most that was on the wire since something was answered. */
  get peak(): number {
    return this.#peak;
  }

  get isClosed(): boolean {
    return this.#retryAt === null;
  }

  /** Whether it is closed, and nothing speaks against that. */
  get isUntouched(): boolean {
    return this.isClosed && this.#failures === 0;
  }

  get isProbing(): boolean {
    return this.#probing;
  }

  /** Null while it is closed; else when the next probe may be sent, a moment of the clock in milliseconds. */
  get retryAt(): number | null {
    return this.#retryAt;
  }

  /** Since when it has not been closed, a moment of the clock in milliseconds; null while it is. */
  get openedAt(): number | null {
    return this.#openedAt;
  }

  state(now: number): BreakerState {
    if (this.#retryAt === null) return 'closed';
    return this.#probing || now >= this.#retryAt ? 'half-open' : 'open';
  }

  /** @param onWire with this one. @returns whether it is a probe. */
  sent(onWire: number): boolean {
    if (onWire > this.#peak) this.#peak = onWire;
    if (this.isClosed) return false;
    this.#probing = true;
    return true;
  }

  /** The endpoint is there. @param last the number of the last request that was sent. @returns whether this closes it. */
  answered(onWire: number, last: number): boolean {
    const wasOpen = !this.isClosed;
    this.#failures = 0;
    this.#failing.clear();
    this.#openings = 0;
    this.#retryAt = null;
    this.#openedAt = null;
    this.#probing = false;
    if (wasOpen) this.#closedAt = last;
    this.#peak = onWire;
    return wasOpen;
  }

  /** @returns whether the endpoint is held to be down, so that the failure says nothing of the request. */
  failed(request: { readonly itemId: string; readonly number: number; readonly isProbe: boolean }, now: number): boolean {
    if (request.number <= this.#closedAt) return true;
    if (this.isClosed) {
      this.#failures += 1;
      if (this.#failing.size < this.settings.items) this.#failing.add(request.itemId);
      if (this.#failing.size < this.settings.items || this.#failures < Math.max(this.settings.failures, this.#peak)) return false;
      this.#open(now);
    } else if (request.isProbe) this.#open(now);
    return true;
  }

  /** A probe has ended without saying anything of the endpoint. */
  withdrawn(): void {
    this.#probing = false;
  }

  #open(now: number): void {
    const pauseMs = Math.min(this.settings.maxMs, this.settings.baseMs * 2 ** this.#openings) * (0.5 + this.random() / 2);
    this.#openings += 1;
    this.#retryAt = now + pauseMs;
    this.#openedAt ??= now;
    this.#probing = false;
  }
}
