import { expect } from '@jest/globals';
import { GeneratorError, type GeneratorLimits } from '#core';
import { ManualClock } from '#core/testing';
import { DEFAULT_LIMITS } from '../limit-settings.js';
import { Limiter } from '../limiter.js';
import type { Place } from '../place.js';
import { ask } from './ask.js';

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export type Stage = 'queued' | 'placed' | 'entering' | 'sent' | 'gone';

/** One request as the test knows it. */
export interface TrafficRequest {
  readonly user: TrafficUser;
  readonly group: AbortController;
  stage: Stage;
  place: Place | null;
}

/** One user as the test knows it. */
export interface TrafficUser {
  readonly name: string;
  readonly limits: GeneratorLimits;
  readonly queued: TrafficRequest[];
  readonly entering: TrafficRequest[];
  /** When each request was sent. */
  readonly sentAt: number[];
}

const withQuarter = (max: number): number => max + Math.ceil(max / 4);

/** Requests of several users on a limiter, with everything that must hold checked at every grant. */
export class Traffic {
  readonly clock = new ManualClock();
  readonly limiter: Limiter;
  readonly users: readonly TrafficUser[];
  readonly all: TrafficRequest[] = [];
  /** What was wrong at the moment of a grant. */
  fault: Error | null = null;

  constructor(
    private readonly most: number,
    limits: readonly GeneratorLimits[],
  ) {
    this.limiter = new Limiter(this.clock, { ...DEFAULT_LIMITS, maxInFlight: most });
    this.users = limits.map((each, index) => ({ name: `user ${index}`, limits: each, queued: [], entering: [], sentAt: [] }));
  }

  count(user: TrafficUser | null, ...stages: Stage[]): number {
    return this.all.filter((request) => stages.includes(request.stage) && (user === null || request.user === user)).length;
  }

  async come(user: TrafficUser, group: AbortController, again = false): Promise<void> {
    const request: TrafficRequest = { user, group, stage: 'queued', place: null };
    this.all.push(request);
    const { name, limits } = user;
    const placed = this.limiter.place(ask(1, { user: name, limits, itemId: `item ${this.all.length}`, again }), group.signal);
    void this.#watch(
      request,
      // Those who come again wait for the retry budget, beside the others.
      again ? null : user.queued,
      placed.then((place) => {
        request.place = place;
      }),
      'placed',
    );
    await this.settle();
  }

  async enter(request: TrafficRequest): Promise<void> {
    request.stage = 'entering';
    void this.#watch(request, request.user.entering, request.place?.enter(), 'sent');
    await this.settle();
  }

  async end(request: TrafficRequest, outcome: 'answered' | 'cut off' | GeneratorError): Promise<void> {
    if (request.stage === 'sent' && outcome === 'answered') request.place?.answered(1);
    if (request.stage === 'sent' && outcome instanceof GeneratorError) request.place?.failed(outcome);
    request.stage = 'gone';
    request.place?.release();
    request.place?.release();
    await this.settle();
  }

  /** Lets everything happen that can. */
  async settle(): Promise<void> {
    await turn();
    if (this.fault) throw this.fault;
    expect(this.limiter.inFlight).toBe(this.count(null, 'sent'));
  }

  /** Waits with a request in a line, and checks what must hold at the moment of the grant. */
  async #watch(
    request: TrafficRequest,
    line: TrafficRequest[] | null,
    grant: Promise<void> | undefined,
    next: 'placed' | 'sent',
  ): Promise<void> {
    line?.push(request);
    try {
      await grant;
    } catch {
      line?.splice(line.indexOf(request), 1);
      request.stage = 'gone';
      request.place?.release();
      return;
    }
    try {
      if (line) expect(line.shift()).toBe(request);
      request.stage = next;
      expect(request.group.signal.aborted).toBe(false);
      if (next === 'sent') this.#checkWire(request.user);
      else this.#checkPlaces(request.user);
    } catch (error) {
      this.fault ??= error as Error;
    }
  }

  #checkPlaces(user: TrafficUser): void {
    expect(this.count(user, 'placed', 'entering', 'sent')).toBeLessThanOrEqual(withQuarter(user.limits.maxInFlight));
    expect(this.count(null, 'placed', 'entering', 'sent')).toBeLessThanOrEqual(withQuarter(this.most));
  }

  #checkWire(user: TrafficUser): void {
    expect(this.count(user, 'sent')).toBeLessThanOrEqual(user.limits.maxInFlight);
    expect(this.count(null, 'sent')).toBeLessThanOrEqual(this.most);
    const { requestsPerMinute } = user.limits;
    const now = this.clock.now();
    user.sentAt.push(now);
    if (requestsPerMinute === null) return;
    const burst = Math.max(1, requestsPerMinute / 60);
    for (const [index, at] of user.sentAt.entries()) {
      const allowed = ((now - at) * requestsPerMinute) / 60_000 + burst;
      expect(user.sentAt.length - index).toBeLessThanOrEqual(allowed + 1e-3);
    }
  }
}
