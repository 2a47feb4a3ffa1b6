import { describe, expect, it } from '@jest/globals';
import { Breaker } from './breaker.js';

function breakerOf(random = 0) {
  const breaker = new Breaker({ failures: 3, items: 2, baseMs: 1_000, maxMs: 60_000 }, () => random);
  let number = 0;
  const send = (itemId: string, onWire = 1) => ({ itemId, number: ++number, isProbe: breaker.sent(onWire) });
  const fail = (itemId: string, now = 0) => breaker.failed(send(itemId), now);
  return { breaker, send, fail };
}

describe('a breaker', () => {
  it('opens after so many failures in a row, and says which failures say nothing of the request', () => {
    const { breaker, fail } = breakerOf();
    expect([fail('a'), fail('b')]).toEqual([false, false]);
    breaker.answered(1, 2);
    expect([fail('a'), fail('b'), fail('c')]).toEqual([false, false, true]);
    expect([breaker.state(0), breaker.retryAt]).toEqual(['open', 500]);
    expect(breaker.state(500)).toBe('half-open');
  });

  it('says since when it has not been closed, through all probes that fail, until one is answered', () => {
    const { breaker, send, fail } = breakerOf();
    expect(breaker.openedAt).toBeNull();
    for (const item of ['a', 'b', 'c']) fail(item, 1_000);
    expect(breaker.openedAt).toBe(1_000);
    fail('d', 5_000);
    expect(breaker.openedAt).toBe(1_000);
    send('e');
    breaker.answered(1, 5);
    expect(breaker.openedAt).toBeNull();
  });

  it('does not open for too few items', () => {
    const { breaker, fail } = breakerOf();
    for (let n = 0; n < 100; n++) expect(fail('a')).toBe(false);
    expect(breaker.isClosed).toBe(true);
    expect(fail('b')).toBe(true);
  });

  it('waits for as many failures as were on the wire at once', () => {
    const { breaker, send } = breakerOf();
    const sent = ['a', 'b', 'c', 'd', 'e'].map((item, index) => send(item, index + 1));
    expect(sent.map((request) => breaker.failed(request, 0))).toEqual([false, false, false, false, true]);
  });

  it('is open twice as long after each probe that fails, up to a minute, and closes with the first answer', () => {
    const { breaker, send, fail } = breakerOf();
    for (const item of ['a', 'b', 'c']) fail(item);
    const pauses: number[] = [];
    for (let now = 0; pauses.length < 9;) {
      pauses.push((breaker.retryAt ?? 0) - now);
      now = breaker.retryAt ?? 0;
      const probe = send('a');
      expect([probe.isProbe, breaker.isProbing, breaker.state(now)]).toEqual([true, true, 'half-open']);
      expect(breaker.failed(probe, now)).toBe(true);
      expect(breaker.isProbing).toBe(false);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    const straggler = send('b');
    expect(breaker.answered(1, straggler.number)).toBe(true);
    expect([breaker.isClosed, breaker.isUntouched]).toEqual([true, true]);
    // What was sent before it closed is old news.
    expect([breaker.failed(straggler, 0), breaker.isUntouched]).toEqual([true, true]);
    expect([fail('a'), breaker.isUntouched]).toEqual([false, false]);
  });

  it('is not prolonged by what was sent before it opened, and can do with a probe that tells nothing', () => {
    const { breaker, send, fail } = breakerOf(0.5);
    const old = send('z');
    for (const item of ['a', 'b', 'c']) fail(item);
    expect(breaker.retryAt).toBe(750);
    expect([breaker.failed(old, 700), breaker.retryAt]).toEqual([true, 750]);
    send('a');
    breaker.withdrawn();
    expect([breaker.isProbing, breaker.state(750)]).toEqual([false, 'half-open']);
  });
});
