import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { ManualClock } from '#core/testing';
import { Limiter, Limiters, type Place } from './limiter.js';
import { Traffic, turn, type Stage, type TrafficRequest } from './testing/traffic.js';

const endless = new AbortController().signal;

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('come' as const), user: fc.nat(2), group: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('enter' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), group: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const), ms: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(80) }) },
);

describe('a limiter', () => {
  it('keeps its limits and its order, idles for nobody and leaks nothing, whatever its users do', async () => {
    const users = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 });
    const check = async (maxima: number[], steps: (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): Promise<void> => {
      const traffic = new Traffic();
      const groups = maxima.map(() => new AbortController());
      const pick = (which: number, ...stages: Stage[]): TrafficRequest | undefined => {
        const candidates = traffic.all.filter(({ stage }) => stages.includes(stage));
        return candidates[which % candidates.length];
      };
      for (const step of steps) {
        switch (step.kind) {
          case 'come': {
            await traffic.come(maxima[step.user] ?? 1, groups[step.group] ?? new AbortController());
            break;
          }
          case 'enter': {
            const request = pick(step.which, 'placed');
            if (request) await traffic.enter(request);
            break;
          }
          case 'release': {
            const request = pick(step.which, 'placed', 'sent');
            if (request) await traffic.release(request);
            break;
          }
          case 'abort':
            groups[step.group]?.abort();
            groups[step.group] = new AbortController();
            await traffic.settle();
            break;
          case 'hold':
            await traffic.hold(step.ms);
            break;
          case 'advance':
            await traffic.clock.advance(step.ms);
            await traffic.settle();
        }
      }
      await traffic.clock.advance(1_000);
      for (let guard = 0; traffic.count('queued', 'placed', 'entering', 'sent') > 0 && guard < 1_000; guard++) {
        const next = pick(0, 'sent', 'placed');
        if (next?.stage === 'placed') await traffic.enter(next);
        else if (next) await traffic.release(next);
      }
      expect(traffic.count('gone')).toBe(traffic.all.length);
      for (const { group } of traffic.all) expect(getEventListeners(group.signal, 'abort')).toHaveLength(0);
      // Every slot is there again.
      for (let n = 0; n < 8; n++) await (await traffic.limiter.place(8, endless)).enter();
      expect(traffic.limiter.inFlight).toBe(8);
    };
    await fc.assert(fc.asyncProperty(users, fc.array(step, { maxLength: 120, size: 'max' }), check), { numRuns: 300 });
  }, 60_000);

  it('has as many places as it lacks slots, and a quarter more', async () => {
    for (const [max, most] of [
      [1, 2],
      [4, 5],
      [5, 7],
      [50, 63],
    ] as const) {
      const limiter = new Limiter(new ManualClock());
      const places: Place[] = [];
      for (let n = 0; n < 2 * max + 1; n++) void limiter.place(max, endless).then((place) => places.push(place));
      await turn();
      expect(places).toHaveLength(most);
      for (const place of places.slice(0, max)) await place.enter();
      await turn();
      expect([limiter.inFlight, places.length]).toEqual([max, most]);
      places[0]?.release();
      await turn();
      expect([limiter.inFlight, places.length]).toEqual([max - 1, most + 1]);
    }
  });

  it('lets nothing on until the pause is over, and the longest pause counts', async () => {
    const clock = new ManualClock();
    const limiter = new Limiter(clock);
    limiter.hold(100);
    limiter.hold(40);
    let on = false;
    const entering = limiter.place(2, endless).then(async (place) => {
      await place.enter();
      on = true;
    });
    await clock.advance(99);
    expect(on).toBe(false);
    await clock.advance(1);
    await entering;
    expect(on).toBe(true);
  });

  it('can be left during a pause, from both queues', async () => {
    const clock = new ManualClock();
    const limiter = new Limiter(clock);
    const user = new AbortController();
    const place = await limiter.place(4, user.signal);
    limiter.hold(60_000);
    const entering = place.enter();
    const queueing = limiter.place(4, user.signal);
    user.abort(new Error('enough'));
    await expect(entering).rejects.toThrow('enough');
    await expect(queueing).rejects.toThrow('enough');
    await expect(limiter.place(4, user.signal)).rejects.toThrow('enough');
    place.release();
    await clock.advance(60_000);
    await (await limiter.place(1, endless)).enter();
    expect(limiter.inFlight).toBe(1);
  });

  it('keeps no timer for a pause that nobody waits for any more', async () => {
    const timers: AbortSignal[] = [];
    const clock = new ManualClock();
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => {
      timers.push(signal ?? endless);
      return sleep(ms, signal);
    };
    const limiter = new Limiter(clock);
    limiter.hold(60_000);
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [limiter.place(4, first.signal), limiter.place(4, second.signal)];
    first.abort();
    expect(timers.map((signal) => signal.aborted)).toEqual([false]);
    second.abort();
    expect(timers.map((signal) => signal.aborted)).toEqual([true]);
    const late = limiter.place(4, endless);
    await Promise.allSettled(waiting);
    await clock.advance(60_000);
    await (await late).enter();
    expect([limiter.inFlight, timers.length]).toEqual([1, 2]);
  });

  it('does not make those behind wait for one who has left', async () => {
    const limiter = new Limiter(new ManualClock());
    await (await limiter.place(8, endless)).enter();
    const careful = new AbortController();
    const waiting = (await limiter.place(1, careful.signal)).enter();
    const bold = (await limiter.place(8, endless)).enter();
    await turn();
    expect(limiter.inFlight).toBe(1);
    careful.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    await bold;
    expect(limiter.inFlight).toBe(2);
  });

  it('is one for each endpoint and credential', () => {
    const limiters = new Limiters(new ManualClock());
    expect(limiters.get('a')).toBe(limiters.get('a'));
    expect(limiters.get('a')).not.toBe(limiters.get('b'));
  });
});
