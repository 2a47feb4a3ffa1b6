import { ReplaySubject, type Observable } from 'rxjs';
import { steadyClock, type Coverage, type ExecutionEvent, type ExecutionState } from '#core';
import { Tally } from '#execution';

/** How an execution stands. `settled` grows with every item that comes to an end. */
export interface ProgressReport {
  readonly state: ExecutionState;
  readonly reason: string | null;
  readonly coverage: Coverage;
  readonly settled: number;
  readonly promptsPerSecond: number | null;
  readonly etaSeconds: number | null;
}

const WINDOW_MS = 10_000;
const REPORT_EVERY_MS = 250;

/** The progress of one running execution, from what has become durable. */
export class ExecutionProgress {
  readonly #reports = new ReplaySubject<ProgressReport>(1);
  #tally: Tally;
  /** Moments and counts of the last seconds, oldest first. */
  #marks: { readonly at: number; readonly settled: number }[] = [];
  #reportedAt = -Infinity;

  constructor(start: Coverage) {
    this.#tally = new Tally(start);
    this.#marks.push({ at: steadyClock.now(), settled: settledOf(start) });
    this.#report('running', null);
  }

  /** Goes on from what is durable, after a time in which that was not certain. */
  resume(from: Coverage): void {
    this.#tally = new Tally(from);
    this.#report('running', null);
  }

  get reports(): Observable<ProgressReport> {
    return this.#reports.asObservable();
  }

  /** Counts a batch that is durable. */
  add(events: readonly ExecutionEvent[]): void {
    this.#tally.add(events);
    if (steadyClock.now() - this.#reportedAt >= REPORT_EVERY_MS) this.#report('running', null);
  }

  /** The last report, after which there are no more. */
  end(state: ExecutionState, reason: string | null): void {
    this.#report(state, reason);
    this.#reports.complete();
  }

  current(state: ExecutionState, reason: string | null): ProgressReport {
    const coverage = this.#tally.coverage();
    const settled = settledOf(coverage);
    const first = this.#marks[0];
    const seconds = first ? (steadyClock.now() - first.at) / 1000 : 0;
    const rate = state === 'running' && first && seconds >= 1 ? (settled - first.settled) / seconds : null;
    const promptsPerSecond = rate === null ? null : Math.round(rate * 10) / 10;
    const etaSeconds = rate === null || rate <= 0 ? null : Math.round(coverage.open / rate);
    return { state, reason, coverage, settled, promptsPerSecond, etaSeconds };
  }

  #report(state: ExecutionState, reason: string | null): void {
    const now = steadyClock.now();
    this.#reportedAt = now;
    const report = this.current(state, reason);
    this.#marks.push({ at: now, settled: report.settled });
    while (this.#marks.length > 2 && (this.#marks[1]?.at ?? now) < now - WINDOW_MS) this.#marks.shift();
    this.#reports.next(report);
  }
}

export function settledOf(coverage: Coverage): number {
  return coverage.planned - coverage.open;
}
