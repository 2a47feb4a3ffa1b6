/** Longest stretch of work before other work of the process gets its turn, in milliseconds. */
const TURN_MS = 8;

/** For work that goes row by row: it asks after each, and gives way to other work of the process when it has had its turn. */
export class Pace {
  #since = performance.now();

  async step(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
