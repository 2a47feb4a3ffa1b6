import { describe, expect, it } from '@jest/globals';
import { Window } from './window.js';

describe('a window', () => {
  it('is as large as the operator allows until the endpoint has too much', () => {
    const window = new Window(50, 500);
    for (let n = 0; n < 1_000; n++) window.answered(10, 50);
    expect([window.slots, window.isOpen, window.paceMs(0)]).toEqual([50, true, 0]);
  });

  it('shrinks once for all that was sent before it shrank', () => {
    const window = new Window(50, 500);
    for (let number = 1; number <= 40; number++) window.throttled(number, 40, 40);
    expect(window.slots).toBe(24);
    window.throttled(41, 64, 24);
    expect(window.slots).toBe(14);
  });

  it('grows by about one in a window of answers, if it is used, until it is open again', () => {
    const window = new Window(50, 500);
    window.throttled(1, 1, 50);
    expect(window.slots).toBe(30);
    for (let n = 0; n < 1_000; n++) window.answered(10, 3);
    expect(window.slots).toBe(30);
    for (let n = 0; n < 31; n++) window.answered(10, 30);
    expect(window.slots).toBe(31);
    for (let n = 0; n < 2_000; n++) window.answered(10, 50);
    expect([window.slots, window.isOpen]).toEqual([50, true]);
  });

  it('keeps nobody waiting for long at an endpoint that refused in no time, and then takes its time', () => {
    const window = new Window(50, 500);
    for (let number = 1; number < 200; number += 2) {
      window.answered(0, 1);
      window.throttled(number, number, 1);
    }
    window.answered(1, 1);
    window.sent(1_000);
    expect(window.paceMs(1_000)).toBeLessThanOrEqual(500);
    for (let n = 0; n < 20; n++) window.answered(400, 1);
    window.throttled(1_000, 1_000, 1);
    window.sent(2_000);
    expect(window.paceMs(2_000)).toBeLessThanOrEqual(4 * 400);
    // It is not for ever before it is used in full again.
    for (let n = 0; n < 400; n++) window.answered(1, 50);
    expect(window.slots).toBeGreaterThan(10);
  });

  it('becomes a rate below one, no slower than the longest gap', () => {
    const window = new Window(50, 500);
    for (let n = 0; n < 200; n++) window.answered(20, 1);
    window.throttled(1, 1, 1);
    window.sent(1_000);
    expect(window.slots).toBe(1);
    expect(window.paceMs(1_000)).toBeCloseTo(20 / 0.6);
    for (let number = 2; number < 100; number++) window.throttled(number, number, 1);
    window.sent(2_000);
    expect(window.paceMs(2_000)).toBeCloseTo(500);
    expect(window.paceMs(2_500)).toBeLessThanOrEqual(1e-9);
    for (let n = 0; n < 100; n++) window.answered(20, 1);
    expect(window.paceMs(2_500)).toBe(0);
  });

  it('begins small after the endpoint was down, and is soon half of what it was', () => {
    const window = new Window(50, 500);
    window.restart(40, 9);
    expect(window.slots).toBe(1);
    for (let n = 0; n < 19; n++) window.answered(10, window.slots);
    expect(window.slots).toBe(20);
    for (let n = 0; n < 19; n++) window.answered(10, window.slots);
    expect(window.slots).toBe(20);
    window.throttled(9, 60, 20);
    expect(window.slots).toBe(20);
  });
});
