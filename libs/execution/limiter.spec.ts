import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { GeneratorError } from '#core';
import type { Place } from './place.js';
import { ask } from './testing/ask.js';
import { busy, endless, limiterOf, send } from './testing/one-limiter.js';
import { Traffic, turn, type Stage, type TrafficRequest } from './testing/traffic.js';

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
