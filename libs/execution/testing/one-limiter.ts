import { GeneratorError } from '#core';
import { ManualClock } from '#core/testing';
import { DEFAULT_LIMITS } from '../limit-settings.js';
import { Limiter } from '../limiter.js';
import { ask } from './ask.js';

export const endless = new AbortController().signal;

export const busy = (retryAfterMs: number): GeneratorError => new GeneratorError('rate-limited', 'later', { status: 429, retryAfterMs });

/** A limiter on a clock of its own, without chance. */
export function limiterOf(maxInFlight = 200) {
  const clock = new ManualClock();
  return { clock, limiter: new Limiter(clock, { ...DEFAULT_LIMITS, maxInFlight, random: () => 0 }) };
}

/** Sends one request, and ends it. @param outcome null: it is answered. */
export async function send(limiter: Limiter, outcome: GeneratorError | null, changes: Parameters<typeof ask>[1] = {}): Promise<void> {
  const place = await limiter.place(ask(200, changes), endless);
  await place.enter();
  if (outcome) place.failed(outcome);
  else place.answered(1);
  place.release();
}
