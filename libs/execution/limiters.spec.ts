import { describe, expect, it } from '@jest/globals';
import { GeneratorError } from '#core';
import { ManualClock } from '#core/testing';
import { Limiters } from './limiters.js';
import { ask, limits } from './testing/ask.js';

const endless = new AbortController().signal;

async function send(limiters: Limiters, key: string, failure: GeneratorError | null = null, rpm: number | null = null): Promise<void> {
  const place = await limiters.get(key).place(ask(5, { limits: limits(5, { requestsPerMinute: rpm }) }), endless);
  await place.enter();
  if (failure) place.failed(failure);
  else place.answered(1);
  place.release();
}

describe('the limiters', () => {
  it('are one for each endpoint and credential', () => {
    const limiters = new Limiters(new ManualClock());
    expect(limiters.get('a')).toBe(limiters.get('a'));
    expect(limiters.get('a')).not.toBe(limiters.get('b'));
  });

  it('say how an endpoint is doing, also one that nobody has used', async () => {
    const limiters = new Limiters(new ManualClock(), { maxInFlight: 7 });
    const idle = { breaker: 'closed', retryInMs: null, downForMs: 0, heldForMs: 0, inFlight: 0, window: 7, waiting: 0, throttled: 0 };
    expect(limiters.state('a', 'user')).toEqual({ ...idle, own: { inFlight: 0, waiting: 0 } });
    expect(limiters.size).toBe(0);
    const place = await limiters.get('a').place(ask(1), endless);
    await place.enter();
    void limiters.get('a').place(ask(1), endless);
    void limiters.get('a').place(ask(1), endless);
    expect(limiters.state('a', 'user')).toEqual({ ...idle, inFlight: 1, waiting: 1, own: { inFlight: 1, waiting: 1 } });
    expect(limiters.state('a', 'other').own).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('forget endpoints that nobody uses and that nothing is known of, and no others', async () => {
    const clock = new ManualClock();
    const limiters = new Limiters(clock);
    const throttle = new GeneratorError('rate-limited', 'later', { retryAfterMs: 300_000 });
    await send(limiters, 'throttled', throttle);
    await send(limiters, 'rated', null, 1);
    const used = await limiters.get('used').place(ask(1), endless);
    for (let n = 0; n < 10_000; n++) await send(limiters, `endpoint ${n}`);
    expect(limiters.size).toBeLessThan(200);
    expect(limiters.state('throttled', 'user')).toMatchObject({ heldForMs: 300_000, throttled: 1 });
    await used.enter();
    expect(limiters.state('used', 'user').own).toEqual({ inFlight: 1, waiting: 0 });
    let again = false;
    void send(limiters, 'rated', null, 1).then(() => (again = true));
    await clock.advance(59_000);
    expect(again).toBe(false);
    await clock.advance(1_000);
    expect(again).toBe(true);
    used.release();
    await clock.advance(700_000);
    for (let n = 0; n < 200; n++) await send(limiters, `later ${n}`);
    expect(limiters.state('throttled', 'user')).toMatchObject({ throttled: 0 });
  });

  it('forget the users of an endpoint who do not send any more', async () => {
    const limiters = new Limiters(new ManualClock());
    const limiter = limiters.get('a');
    for (let n = 0; n < 1_000; n++) {
      const place = await limiter.place(ask(1, { user: `user ${n}` }), endless);
      place.release();
    }
    expect(limiter.lanes).toBeLessThan(64);
  });
});
