/** So many in a stretch of time, and no more, wherever the stretch begins. */
export class Pace {
  readonly #taken: number[] = [];

  constructor(
    private readonly most: number,
    private readonly perMs: number,
  ) {}

  /** Milliseconds until there is room for one more. */
  wait(nowMs: number): number {
    while ((this.#taken[0] ?? Infinity) <= nowMs - this.perMs) this.#taken.shift();
    return this.#taken.length < this.most ? 0 : (this.#taken[0] ?? nowMs) + this.perMs - nowMs;
  }

  take(nowMs: number): void {
    this.#taken.push(nowMs);
  }
}
