import { setImmediate as turn } from 'node:timers/promises';

/** How long tasks may be begun in a row before everything else in the process gets a turn. */
const LONGEST_BURST_MS = 5;

/** Tasks that run at the same time, up to a number. The first failure is kept. */
export class Crew {
  #running = 0;
  #burstMs = 0;
  #failure: { readonly error: unknown } | null = null;
  #changed: () => void = () => undefined;

  constructor(private readonly most: number) {}

  /** Whether a task has failed. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Starts a task, and resolves when there is room for another one. */
  async start(task: () => Promise<void>): Promise<void> {
    const began = performance.now();
    void this.#work(task);
    this.#burstMs += performance.now() - began;
    if (this.#burstMs > LONGEST_BURST_MS) {
      await turn();
      this.#burstMs = 0;
    }
    await this.#until(() => this.#running < this.most);
  }

  /** Resolves when all tasks have ended. @throws the first failure. */
  async finish(): Promise<void> {
    await this.#until(() => this.#running === 0);
    if (this.#failure) throw this.#failure.error;
  }

  async #work(task: () => Promise<void>): Promise<void> {
    this.#running += 1;
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#running -= 1;
      this.#changed();
    }
  }

  /** One waiter at a time: whoever starts tasks waits for room before the next. */
  async #until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
