import { describe, expect, it } from '@jest/globals';
import { GeneratorError } from '#core';
import type { ManualClock } from '#core/testing';
import { atOnce, Endpoint, perSecond, refused, tooMany } from './testing/endpoint.js';
import { rush } from './testing/rush.js';

describe('an endpoint that takes less than it is offered', () => {
  const cases: readonly (readonly [string, number, number, (clock: ManualClock) => Endpoint])[] = [
    ['5 of 20 at once', 500, 5, (clock) => new Endpoint(clock, 50, atOnce(5), 20)],
    ['25 of 50 at once', 1_000, 2, (clock) => new Endpoint(clock, 50, atOnce(25), 50)],
    ['100 a second, in no time', 500, 5, (clock) => new Endpoint(clock, 1, perSecond(100, clock), 20)],
    ['100 a second', 500, 5, (clock) => new Endpoint(clock, 20, perSecond(100, clock), 20)],
    ['10 a second, slowly', 200, 20, (clock) => new Endpoint(clock, 500, perSecond(10, clock), 20)],
    ['60 a minute, slowly', 100, 100, (clock) => new Endpoint(clock, 500, perSecond(1, clock), 10)],
  ];
  it.each(cases)('is sent little more than it takes: %s', async (_, prompts, atBest, endpoint) => {
    const { answered, errored, ratio, seconds } = await rush(prompts, endpoint);
    expect({ answered, errored }).toEqual({ answered: prompts, errored: 0 });
    expect(ratio).toBeLessThanOrEqual(1.6);
    expect(seconds).toBeLessThan(2.5 * atBest + 3);
  });

  it('leaves no item errored when it refuses every second request, whatever it is sent', async () => {
    const endpoint = (clock: ManualClock) => new Endpoint(clock, 20, ({ requests }) => (requests % 2 === 0 ? tooMany : null), 10);
    const { answered, errored, ratio } = await rush(100, endpoint);
    expect({ answered, errored }).toEqual({ answered: 100, errored: 0 });
    expect(ratio).toBeLessThanOrEqual(2.01);
  });

  it('ends the few items that it refuses for ever', async () => {
    const { errored, ratio, states } = await rush(3, (clock) => new Endpoint(clock, 20, () => tooMany, 20));
    expect([errored, ratio]).toEqual([3, Infinity]);
    expect(states.every(({ breaker }) => breaker === 'closed')).toBe(true);
  });
});

describe('an endpoint that always fails for some prompts', () => {
  it.each([
    ['500', new GeneratorError('unavailable', 'The endpoint answered 500.', { status: 500 })],
    ['no answer', new GeneratorError('timeout', 'The endpoint did not answer in time.')],
    ['a cut connection', new GeneratorError('unavailable', 'The endpoint cut the connection.', { reached: true })],
  ])('errors those (%s), though it may look down when nothing else is left, and answers all others', async (_, failure) => {
    const endpoint = (clock: ManualClock) => new Endpoint(clock, 20, (_endpoint, prompt) => (/[05]$/.test(prompt) ? failure : null), 20);
    const { answered, errored } = await rush(100, endpoint, 7_200);
    expect({ answered, errored }).toEqual({ answered: 80, errored: 20 });
  });
});

describe('an endpoint that is down', () => {
  it.each([
    ['nobody is there', refused],
    ['what stands before it says so', new GeneratorError('unavailable', 'The endpoint answered 502.', { status: 502 })],
    ['it says so', new GeneratorError('unavailable', 'The endpoint answered 503.', { status: 503 })],
  ])('is waited for by a few items, however long it takes (%s)', async (_, failure) => {
    const endpoint = (clock: ManualClock) => new Endpoint(clock, 20, () => (clock.now() < 7_200_000 ? failure : null), 20);
    const { answered, errored, seconds } = await rush(20, endpoint, 8_000);
    expect({ answered, errored }).toEqual({ answered: 20, errored: 0 });
    expect(seconds).toBeGreaterThan(7_199);
  });

  const hangs = new GeneratorError('timeout', 'The endpoint did not answer in time.');
  it.each([
    ['from the beginning', 0, refused],
    ['in the middle', 2_000, refused],
    ['without a word', 2_000, hangs],
  ])('%s is waited for with few requests, and then used in full: nothing is errored', async (_, downAtMs, failure) => {
    const upAtMs = 20_000;
    let requestsWhileDown = 0;
    const { answered, errored, states, seconds } = await rush(3_000, (clock) => {
      const isDown = (): boolean => clock.now() >= downAtMs && clock.now() < upAtMs;
      const judge = (): GeneratorError | null => {
        if (!isDown()) return null;
        requestsWhileDown += 1;
        return failure;
      };
      return new Endpoint(clock, 20, judge, 20);
    });
    expect({ answered, errored }).toEqual({ answered: 3_000, errored: 0 });
    // The 20 that were on the wire, ten that came with retries, and the probes.
    expect(requestsWhileDown).toBeLessThan(45);
    const open = states.findIndex(({ breaker }) => breaker !== 'closed');
    expect(states[open]).toMatchObject({ window: 1, retryInMs: expect.any(Number) });
    expect(states.slice(open, 190).every(({ breaker }) => breaker !== 'closed')).toBe(true);
    expect(states.at(-1)).toMatchObject({ breaker: 'closed', retryInMs: null });
    expect(states.at(-1)?.window).toBeGreaterThan(10);
    // The breaker's pauses double: the one under way when the endpoint is back is the sixth at most.
    expect(seconds).toBeLessThan(upAtMs / 1_000 + 32 + 10);
  });

  it('is left alone for as long as it asks, and no longer than five minutes', async () => {
    const away = new GeneratorError('unavailable', 'The endpoint answered 503.', { status: 503, retryAfterMs: 86_400_000 });
    const endpoint = (clock: ManualClock) => new Endpoint(clock, 20, () => (clock.now() < 1_000 ? away : null), 20);
    const { answered, states, seconds } = await rush(100, endpoint, 600);
    expect(answered).toBe(100);
    expect(Math.max(...states.map(({ heldForMs }) => heldForMs))).toBeLessThanOrEqual(300_000);
    expect([seconds > 300, seconds < 400]).toEqual([true, true]);
  });
});
