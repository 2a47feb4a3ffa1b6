import { expect } from '@jest/globals';
import { ManualClock } from '#core/testing';
import { Limiter, type Place } from '../limiter.js';

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export type Stage = 'queued' | 'placed' | 'entering' | 'sent' | 'gone';

/** One request as the test knows it. */
export interface TrafficRequest {
  readonly max: number;
  readonly group: AbortController;
  stage: Stage;
  place: Place | null;
}

/** Requests on a limiter, with everything that must hold checked after every step. */
export class Traffic {
  readonly clock = new ManualClock();
  readonly limiter = new Limiter(this.clock);
  readonly queued: TrafficRequest[] = [];
  readonly entering: TrafficRequest[] = [];
  readonly all: TrafficRequest[] = [];
  heldUntil = 0;
  /** What was wrong at the moment of a grant. */
  fault: Error | null = null;

  count(...stages: Stage[]): number {
    return this.all.filter(({ stage }) => stages.includes(stage)).length;
  }

  async come(max: number, group: AbortController): Promise<void> {
    const request: TrafficRequest = { max, group, stage: 'queued', place: null };
    this.all.push(request);
    const placed = this.limiter.place(max, group.signal).then((place) => {
      request.place = place;
    });
    void this.watch(request, this.queued, placed, 'placed');
    await this.settle();
  }

  async enter(request: TrafficRequest): Promise<void> {
    request.stage = 'entering';
    void this.watch(request, this.entering, request.place?.enter(), 'sent');
    await this.settle();
  }

  /** Waits with a request in a queue, and checks what must hold at the moment of the grant. */
  async watch(request: TrafficRequest, queue: TrafficRequest[], grant: Promise<void> | undefined, next: 'placed' | 'sent'): Promise<void> {
    queue.push(request);
    try {
      await grant;
    } catch {
      queue.splice(queue.indexOf(request), 1);
      request.stage = 'gone';
      request.place?.release();
      return;
    }
    try {
      expect(queue.shift()).toBe(request);
      request.stage = next;
      expect(request.group.signal.aborted).toBe(false);
      expect(this.count('sent')).toBeLessThanOrEqual(next === 'sent' ? request.max : Infinity);
      const { max } = request;
      expect(this.count('placed', 'entering', 'sent')).toBeLessThanOrEqual(next === 'placed' ? max + Math.ceil(max / 4) : Infinity);
    } catch (error) {
      this.fault ??= error as Error;
    }
  }

  async release(request: TrafficRequest): Promise<void> {
    request.stage = 'gone';
    request.place?.release();
    request.place?.release();
    await this.settle();
  }

  async hold(ms: number): Promise<void> {
    this.limiter.hold(ms);
    this.heldUntil = Math.max(this.heldUntil, this.clock.now() + ms);
    await this.settle();
  }

  /** Lets everything happen that can, and checks that nothing waits that need not. */
  async settle(): Promise<void> {
    await turn();
    if (this.fault) throw this.fault;
    expect(this.limiter.inFlight).toBe(this.count('sent'));
    if (this.clock.now() < this.heldUntil) return;
    const [nextPlace] = this.queued;
    const [nextSlot] = this.entering;
    if (nextPlace) {
      expect(this.count('placed', 'entering', 'sent')).toBeGreaterThanOrEqual(nextPlace.max + Math.ceil(nextPlace.max / 4));
    }
    if (nextSlot) expect(this.count('sent')).toBeGreaterThanOrEqual(nextSlot.max);
  }
}
