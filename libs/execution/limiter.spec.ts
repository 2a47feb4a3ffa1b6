import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { GeneratorError } from '#core';
import { ManualClock } from '#core/testing';
import { DEFAULT_LIMITS } from './limit-settings.js';
import { Limiter } from './limiter.js';
import type { Place } from './place.js';
import { ask, limits } from './testing/ask.js';
import { Traffic, turn, type Stage, type TrafficRequest } from './testing/traffic.js';

const endless = new AbortController().signal;
const busy = (retryAfterMs: number): GeneratorError => new GeneratorError('rate-limited', 'later', { status: 429, retryAfterMs });

function limiterOf(maxInFlight = 200, clock = new ManualClock()) {
  return { clock, limiter: new Limiter(clock, { ...DEFAULT_LIMITS, maxInFlight, random: () => 0 }) };
}

/** Sends one request, and ends it. */
async function send(limiter: Limiter, outcome: GeneratorError | null, changes: Parameters<typeof ask>[1] = {}): Promise<void> {
  const place = await limiter.place(ask(200, changes), endless);
  await place.enter();
  if (outcome) place.failed(outcome);
  else place.answered(1);
  place.release();
}

const outcome = fc.constantFrom('answered', 'answered', 'cut off', new GeneratorError('timeout', 'late'), busy(0), busy(40));
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('come' as const), user: fc.nat(2), group: fc.nat(2), again: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('enter' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(), outcome }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), group: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(800) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const rate = fc.option(fc.integer({ min: 30, max: 2_000 }));
const userLimits = fc.record({ maxInFlight: fc.integer({ min: 1, max: 9 }), requestsPerMinute: rate, tokensPerMinute: fc.constant(null) });

describe('a limiter', () => {
  it('keeps every limit, and lets everybody through in the end, whatever users and endpoint do', async () => {
    const check = async (most: number, users: (typeof userLimits extends fc.Arbitrary<infer U> ? U : never)[], steps: Step[]) => {
      const traffic = new Traffic(most, users);
      const groups = users.map(() => new AbortController());
      const pick = (which: number, ...stages: Stage[]): TrafficRequest | undefined => {
        const candidates = traffic.all.filter(({ stage }) => stages.includes(stage));
        return candidates[which % candidates.length];
      };
      for (const step of steps) {
        if (step.kind === 'come') {
          const [user, group] = [traffic.users[step.user], groups[step.group]];
          if (user && group) await traffic.come(user, group, step.again);
        } else if (step.kind === 'enter') {
          const request = pick(step.which, 'placed');
          if (request) await traffic.enter(request);
        } else if (step.kind === 'end') {
          const request = pick(step.which, 'placed', 'sent');
          if (request) await traffic.end(request, step.outcome as 'answered' | 'cut off' | GeneratorError);
        } else if (step.kind === 'abort') {
          groups[step.group]?.abort();
          groups[step.group] = new AbortController();
          await traffic.settle();
        } else {
          await traffic.clock.advance(step.ms);
          await traffic.settle();
        }
      }
      // From now on the endpoint only answers: everybody has a turn.
      for (let rounds = 0; traffic.count(null, 'queued', 'placed', 'entering', 'sent') > 0; rounds++) {
        expect(rounds).toBeLessThan(1_000);
        const next = pick(0, 'sent', 'placed');
        if (next?.stage === 'placed') await traffic.enter(next);
        else if (next) await traffic.end(next, 'answered');
        else await traffic.clock.advance(500);
      }
      for (const { group } of traffic.all) expect(getEventListeners(group.signal, 'abort')).toHaveLength(0);
      await traffic.clock.advance(700_000);
      expect(traffic.limiter.isForgettable(traffic.clock.now())).toBe(true);
      expect(traffic.limiter.state('user 0')).toMatchObject({ inFlight: 0, waiting: 0, heldForMs: 0, own: { inFlight: 0, waiting: 0 } });
    };
    const users = fc.array(userLimits, { minLength: 3, maxLength: 3 });
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 12 }), users, fc.array(step, { maxLength: 120, size: 'max' }), check), {
      numRuns: 300,
    });
  }, 60_000);

  it('has as many places as it lacks slots, and a quarter more', async () => {
    for (const [max, most] of [
      [1, 2],
      [4, 5],
      [5, 7],
      [50, 63],
    ] as const) {
      for (const whose of ['own', 'operator'] as const) {
        const { limiter } = limiterOf(whose === 'own' ? 200 : max);
        const places: Place[] = [];
        const asked = ask(whose === 'own' ? max : 200);
        for (let n = 0; n < 2 * max + 1; n++) void limiter.place(asked, endless).then((place) => places.push(place));
        await turn();
        expect(places).toHaveLength(most);
        for (const place of places.slice(0, max)) await place.enter();
        await turn();
        expect([limiter.inFlight, places.length]).toEqual([max, most]);
        places[0]?.release();
        await turn();
        expect([limiter.inFlight, places.length]).toEqual([max - 1, most + 1]);
      }
    }
  });

  it('lets users take turns, however much one of them has', async () => {
    const { limiter } = limiterOf(4);
    const order: string[] = [];
    const work = async (user: string): Promise<void> => {
      const place = await limiter.place(ask(100, { user }), endless);
      await place.enter();
      order.push(user);
      await turn();
      place.answered(1);
      place.release();
    };
    const all = Array.from({ length: 200 }, () => work('greedy'));
    await turn();
    const before = order.length;
    all.push(...Array.from({ length: 10 }, () => work('modest')), ...Array.from({ length: 10 }, () => work('third')));
    await Promise.all(all);
    // A place in three, after the queue of five that was full when they came.
    expect(order.lastIndexOf('modest')).toBeLessThan(before + 5 + 3 * 10);
    expect(order.lastIndexOf('third')).toBeLessThan(before + 5 + 3 * 10);
    expect(order).toHaveLength(220);
  });

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

  it('can be left during a pause, from both queues', async () => {
    const { limiter, clock } = limiterOf();
    const user = new AbortController();
    const place = await limiter.place(ask(4), user.signal);
    await send(limiter, busy(60_000));
    const entering = place.enter();
    const queueing = limiter.place(ask(4), user.signal);
    user.abort(new Error('enough'));
    await expect(entering).rejects.toThrow('enough');
    await expect(queueing).rejects.toThrow('enough');
    await expect(limiter.place(ask(4), user.signal)).rejects.toThrow('enough');
    place.release();
    await clock.advance(60_000);
    await (await limiter.place(ask(1), endless)).enter();
    expect(limiter.inFlight).toBe(1);
  });

  it('keeps no timer for a pause that nobody waits for any more', async () => {
    const timers: AbortSignal[] = [];
    const { limiter, clock } = limiterOf();
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => {
      timers.push(signal ?? endless);
      return sleep(ms, signal);
    };
    await send(limiter, busy(60_000));
    expect(timers).toHaveLength(0);
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [limiter.place(ask(4), first.signal), limiter.place(ask(4), second.signal)];
    first.abort();
    expect(timers.map((signal) => signal.aborted)).toEqual([false]);
    second.abort();
    expect(timers.map((signal) => signal.aborted)).toEqual([true]);
    const late = limiter.place(ask(4), endless);
    await Promise.allSettled(waiting);
    await clock.advance(60_000);
    await (await late).enter();
    expect([limiter.inFlight, timers.length]).toEqual([1, 2]);
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

  it('does not make those behind wait for one who has left', async () => {
    const { limiter } = limiterOf();
    await (await limiter.place(ask(8), endless)).enter();
    const signal = new AbortController();
    const careful = await limiter.place(ask(1), signal.signal);
    const waiting = careful.enter();
    const bold = limiter.place(ask(8), endless).then((place) => place.enter());
    await turn();
    expect(limiter.inFlight).toBe(1);
    signal.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    careful.release();
    await bold;
    expect(limiter.inFlight).toBe(2);
  });
});
