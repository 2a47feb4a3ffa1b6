import { steadyClock } from '#core';
import type { Spending } from '#execution';
import type { ExecutionProgress } from './execution-progress.js';

/** An execution while it runs in this process: how it stands, and the switches that end it. */
export class ExecutionRun {
  readonly stop = new AbortController();
  readonly abandon = new AbortController();
  readonly cancel = new AbortController();
  /** Its memory is to be erased: nothing is waited for, and nothing kept. */
  forgotten = false;
  progress: ExecutionProgress | null = null;
  spending: Spending | null = null;
  /** By which the endpoint of its target is known to the limiters. */
  limitKey: string | null = null;
  /** By which all endpoints are known that it sends to. */
  limitKeys: readonly string[] = [];
  /** When something of it became durable last, a moment of the steady clock. */
  progressedAt = steadyClock.now();
  waitsForMemory = false;
  /** Resolves when there is progress, or to null when the run ended without any. */
  readonly begun = Promise.withResolvers<ExecutionProgress | null>();
  ended: Promise<void> = Promise.resolve();

  constructor(
    readonly userId: string,
    readonly executionId: string,
  ) {}
}
