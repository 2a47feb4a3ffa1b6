/** How values spread: how many there were up to each bound, and their sum. To add one takes some nanoseconds. */
export class Distribution {
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds in ascending order; what is above the last one is counted too. */
  constructor(readonly bounds: readonly number[]) {
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((all, count) => all + count, 0);
  }

  add(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  /** How many values were not above each bound. */
  cumulative(): number[] {
    let all = 0;
    return this.bounds.map((_, at) => (all += this.#counts[at] ?? 0));
  }
}
