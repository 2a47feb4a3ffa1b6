import { Injectable } from '@nestjs/common';
import { steadyClock } from '#core';
import type { LimitState } from '#execution';
import { ExecutionCounts } from './execution-counts.service.js';
import { ExecutionRunner } from './execution-runner.service.js';

/** What an execution is doing: it sends, or waits for an endpoint that is down or asked to be left alone, or for its memory. */
export type Activity = 'running' | 'waiting-for-endpoint' | 'waiting-for-memory';
export const ACTIVITIES: readonly Activity[] = ['running', 'waiting-for-endpoint', 'waiting-for-memory'];

/** An execution that runs in this process. */
export interface ActiveExecution {
  readonly executionId: string;
  readonly userId: string;
  readonly activity: Activity;
  /** Since something of it became durable, or it was started. */
  readonly idleMs: number;
  /** How long an endpoint that it uses has been held to be down; 0 when none is. */
  readonly downForMs: number;
}

/** What the endpoints that are used by generators of one type are doing, all together. */
export interface EndpointActivity {
  readonly type: string;
  readonly window: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** How many endpoints there are by the state of their breakers. */
  readonly breakers: Readonly<Record<LimitState['breaker'], number>>;
}

/** Looks at what runs in this process, without disturbing it. */
@Injectable()
export class ExecutionActivity {
  constructor(
    private readonly runner: ExecutionRunner,
    private readonly counts: ExecutionCounts,
  ) {}

  /** @param userId whose; everybody's when left out. */
  active(userId?: string): ActiveExecution[] {
    const now = steadyClock.now();
    return this.runner
      .active()
      .filter((run) => userId === undefined || run.userId === userId)
      .map((run) => {
        const endpoints = this.runner.endpoints(run);
        const isHeld = endpoints.some(({ breaker, heldForMs }) => breaker !== 'closed' || heldForMs > 0);
        return {
          executionId: run.executionId,
          userId: run.userId,
          activity: run.waitsForMemory ? 'waiting-for-memory' : isHeld ? 'waiting-for-endpoint' : 'running',
          idleMs: now - run.progressedAt,
          downForMs: Math.max(0, ...endpoints.map(({ downForMs }) => downForMs)),
        };
      });
  }

  /** By type of generator, in no particular order. */
  endpoints(): EndpointActivity[] {
    const known = new Set<string>();
    const byType = new Map<
      string,
      { window: number; inFlight: number; waiting: number; breakers: Record<LimitState['breaker'], number> }
    >();
    for (const [limitKey, { window, inFlight, waiting, breaker }] of this.runner.limits()) {
      known.add(limitKey);
      const type = this.counts.endpointTypes.get(limitKey) ?? 'unknown';
      const all = byType.get(type) ?? { window: 0, inFlight: 0, waiting: 0, breakers: { closed: 0, open: 0, 'half-open': 0 } };
      byType.set(type, all);
      all.window += window;
      all.inFlight += inFlight;
      all.waiting += waiting;
      all.breakers[breaker] += 1;
    }
    // An endpoint that is forgotten may be used again by an execution that runs: that one has told its type, so it is kept.
    const used = new Set(this.runner.active().flatMap((run) => run.limitKeys));
    for (const key of this.counts.endpointTypes.keys()) if (!known.has(key) && !used.has(key)) this.counts.endpointTypes.delete(key);
    return [...byType].map(([type, all]) => ({ type, ...all }));
  }
}
