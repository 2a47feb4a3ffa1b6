import { ReplaySubject, type Observable } from 'rxjs';
import { steadyClock } from '#core';
import type { SettleStep } from '#memory';

/** How far a scan, a plan or a run is. */
export interface ProgressReport {
  readonly phase: 'scanning' | 'reading' | 'settling' | 'verifying' | 'undoing' | 'ended';
  readonly filesDone: number;
  /** Null while they are still being looked for. */
  readonly files: number | null;
  readonly rows: number;
  readonly memoriesDone: number;
  readonly memories: number | null;
  /** Of the memory that is being settled; null while its rows are put in order. */
  readonly chunk: number | null;
  readonly chunks: number | null;
}

export const NOT_BEGUN: ProgressReport = {
  phase: 'scanning',
  filesDone: 0,
  files: null,
  rows: 0,
  memoriesDone: 0,
  memories: null,
  chunk: null,
  chunks: null,
};

const REPORT_EVERY_MS = 250;

/** The progress of one job, for everybody who watches it; and whether it should stop. */
export class Progress {
  readonly #reports = new ReplaySubject<ProgressReport>(1);
  readonly #shutdown = new AbortController();
  #report: ProgressReport = NOT_BEGUN;
  #reportedAt = -Infinity;

  /** Aborted when the server stops: what is done so far stays, and is gone on from. */
  get signal(): AbortSignal {
    return this.#shutdown.signal;
  }

  get reports(): Observable<ProgressReport> {
    return this.#reports.asObservable();
  }

  abort(): void {
    this.#shutdown.abort();
  }

  phase(phase: ProgressReport['phase'], of: Partial<Pick<ProgressReport, 'files' | 'memories'>> = {}): void {
    this.#set({
      phase,
      ...(of.files === undefined ? {} : { filesDone: 0 }),
      ...(of.memories === undefined ? {} : { memoriesDone: 0 }),
      ...of,
    });
    this.#tell();
  }

  file(): void {
    this.#set({ filesDone: this.#report.filesDone + 1 });
  }

  row(): void {
    this.#set({ rows: this.#report.rows + 1 });
  }

  step(step: SettleStep): void {
    this.#set(step.phase === 'settling' ? { chunk: step.chunk, chunks: step.last } : { chunk: null, chunks: null });
  }

  memory(): void {
    this.#set({ memoriesDone: this.#report.memoriesDone + 1 });
  }

  /** The last report. */
  end(): void {
    this.phase('ended');
    this.#reports.complete();
  }

  #set(change: Partial<ProgressReport>): void {
    this.#report = { ...this.#report, ...change };
    if (steadyClock.now() - this.#reportedAt >= REPORT_EVERY_MS) this.#tell();
  }

  #tell(): void {
    this.#reportedAt = steadyClock.now();
    this.#reports.next(this.#report);
  }
}
