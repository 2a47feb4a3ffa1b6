import { setTimeout as delay } from 'node:timers/promises';

/** Time as something handed in, so that waiting is testable. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Measures how long things take: it starts anywhere, and never jumps when somebody sets the time of the machine. */
export const steadyClock: Clock = { ...systemClock, now: () => performance.now() };
