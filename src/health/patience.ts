import { setTimeout as sleep } from 'node:timers/promises';

/** Whoever asks how something is has no use for an answer that comes when it is well again. */
const PATIENCE_MS = 2_000;

export const LATE = Symbol('late');

/** What `work` resolves to, or that it takes too long; it goes on then, and nobody hears of its end. @throws what `work` throws in time */
export async function inTime<T>(work: Promise<T>): Promise<T | typeof LATE> {
  const patience = new AbortController();
  try {
    return await Promise.race([work, sleep(PATIENCE_MS, LATE, { signal: patience.signal })]);
  } finally {
    patience.abort();
    work.catch(() => undefined);
  }
}
