import { describe, expect, it } from '@jest/globals';
import { GeneratorError } from '#core';
import type { Place } from './place.js';
import { ask, limits } from './testing/ask.js';
import { busy, endless, limiterOf, send } from './testing/one-limiter.js';
import { turn } from './testing/traffic.js';

describe('a limiter that keeps somebody waiting', () => {
  it('lets a user who may send little keep nobody from sending', async () => {
    const { limiter, clock } = limiterOf(1);
    const rates = limits(1, { requestsPerMinute: 1 });
    await send(limiter, null, { user: 'slow', limits: rates });
    let slow = 0;
    for (let n = 0; n < 5; n++) void send(limiter, null, { user: 'slow', limits: rates }).then(() => (slow += 1));
    for (let n = 0; n < 50; n++) await send(limiter, null, { user: 'other' });
    expect([slow, clock.now()]).toEqual([0, 0]);
    await clock.advance(60_000);
    expect(slow).toBe(1);
  });

  it('takes the strictest of the limits of one user, also for what has a place already', async () => {
    const { limiter, clock } = limiterOf(5);
    const places = await Promise.all([1, 2, 3, 4, 5, 6].map(() => limiter.place(ask(5), endless)));
    const strict = limiter.place(ask(5, { limits: limits(2, { requestsPerMinute: 60 }) }), endless);
    let sent = 0;
    for (const place of places) {
      void place.enter().then(async () => {
        sent += 1;
        await turn();
        place.release();
      });
    }
    await clock.advance(0);
    expect(sent).toBe(1);
    // What waits for its rate takes no place away from others.
    for (let n = 0; n < 20; n++) await send(limiter, null, { user: 'other' });
    await clock.advance(3_000);
    expect(sent).toBe(4);
    await clock.advance(10_000);
    expect(sent).toBe(6);
    (await strict).release();
    // And counts again when it has its rate.
    let placed = 0;
    for (let n = 0; n < 20; n++) void limiter.place(ask(200, { user: 'other' }), endless).then(() => (placed += 1));
    await turn();
    expect(placed).toBe(7);
  });

  it('spaces tokens as they are estimated, and as they turn out', async () => {
    const { limiter, clock } = limiterOf();
    const rates = limits(10, { tokensPerMinute: 6_000 });
    const sentAt: number[] = [];
    const used = 500;
    const work = async (): Promise<void> => {
      const place = await limiter.place(ask(10, { limits: rates, inputTokens: 100 }), endless);
      await place.enter();
      sentAt.push(clock.now());
      await clock.sleep(10);
      place.answered(used);
      place.release();
    };
    const all = Promise.all(Array.from({ length: 100 }, work));
    await clock.advance(600_000);
    await all;
    // 500 tokens each at 100 a second, with one second's worth, and the largest request, in advance.
    for (const [index, at] of sentAt.entries()) expect((index + 1) * used).toBeLessThanOrEqual(at / 10 + 100 + used);
    expect(sentAt.at(-1)).toBeLessThan(520_000);
  });

  it('lets nothing on until the pause is over, the longest counts, and none is longer than five minutes', async () => {
    const { limiter, clock } = limiterOf();
    const [first, second] = await Promise.all([limiter.place(ask(9), endless), limiter.place(ask(9), endless)]);
    await Promise.all([first.enter(), second.enter()]);
    first.failed(busy(100));
    second.failed(busy(40));
    first.release();
    second.release();
    expect(limiter.state('user')).toMatchObject({ heldForMs: 100, throttled: 2, breaker: 'closed' });
    let on = false;
    const sending = send(limiter, busy(86_400_000)).then(() => (on = true));
    await clock.advance(99);
    expect(on).toBe(false);
    await clock.advance(1);
    await sending;
    expect(limiter.state('user').heldForMs).toBe(300_000);
  });

  it('sends one probe after the other while the endpoint is down, also when one tells nothing, and begins small when it is back', async () => {
    const { limiter, clock } = limiterOf();
    const unreachable = new GeneratorError('unavailable', 'no');
    for (let n = 0; n < 10; n++) await send(limiter, unreachable, { itemId: `item ${n}` });
    expect(limiter.state('user')).toMatchObject({ breaker: 'open', retryInMs: 500, window: 1 });
    const places: Place[] = [];
    for (let n = 0; n < 5; n++) void limiter.place(ask(5), endless).then((place) => places.push(place));
    await clock.advance(499);
    expect(places).toHaveLength(0);
    await clock.advance(1);
    expect([places.length, limiter.state('user').breaker]).toEqual([1, 'half-open']);
    await places[0]?.enter();
    places[0]?.release();
    await turn();
    expect(places).toHaveLength(2);
    await places[1]?.enter();
    expect(places[1]?.failed(new GeneratorError('forbidden-address', 'never'))).toBe(false);
    places[1]?.release();
    await turn();
    expect(places).toHaveLength(3);
    await places[2]?.enter();
    expect(places[2]?.failed(unreachable)).toBe(true);
    places[2]?.release();
    expect(limiter.state('user')).toMatchObject({ breaker: 'open', retryInMs: 1_000, inFlight: 0, waiting: 2 });
    await clock.advance(1_000);
    await places[3]?.enter();
    places[3]?.answered(1);
    expect(limiter.state('user')).toMatchObject({ breaker: 'closed', retryInMs: null, window: 1 });
  });

  it('counts a retry that was not sent for nothing', async () => {
    const { limiter } = limiterOf();
    for (let n = 0; n < 100; n++) (await limiter.place(ask(5, { again: true }), endless)).release();
    const sendAgain = async (): Promise<void> => {
      const place = await limiter.place(ask(5, { again: true }), endless);
      await place.enter();
      place.release();
    };
    for (let n = 0; n < 20; n++) await sendAgain();
    await expect(Promise.race([sendAgain().then(() => 'sent'), turn().then(() => 'waits')])).resolves.toBe('waits');
  });
});
