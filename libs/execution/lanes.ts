import { Lane } from './lane.js';

const FEW = 16;

/** The lanes of an endpoint. Those of which nothing is worth keeping are forgotten, now and then. */
export class Lanes {
  readonly #byUser = new Map<string, Lane>();
  #many = FEW;

  get size(): number {
    return this.#byUser.size;
  }

  find(user: string): Lane | undefined {
    return this.#byUser.get(user);
  }

  get(user: string, now: number): Lane {
    const known = this.#byUser.get(user);
    if (known) return known;
    if (this.#byUser.size >= this.#many) {
      for (const [name, lane] of this.#byUser) if (lane.isIdle(now)) this.#byUser.delete(name);
      this.#many = Math.max(FEW, 2 * this.#byUser.size);
    }
    const lane = new Lane();
    this.#byUser.set(user, lane);
    return lane;
  }

  areIdle(now: number): boolean {
    return [...this.#byUser.values()].every((lane) => lane.isIdle(now));
  }
}
