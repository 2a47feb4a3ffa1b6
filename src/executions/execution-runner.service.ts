import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { steadyClock, systemClock, type Coverage, type ExecutionState } from '#core';
import { DEFAULT_RETRIES, Limiters, runExecution, Spending, type LimitState } from '#execution';
import { FINAL_STATES, type ExecutionTable, type MemoryWriters } from '#memory';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { OrchestratorParameters } from '../orchestrators/orchestrator-types.js';
import { mayComeBack, pauseAfter } from './back-off.js';
import { CompiledOrchestrators } from './compiled-orchestrators.service.js';
import { ExecutionCounts } from './execution-counts.service.js';
import { ExecutionProgress } from './execution-progress.js';
import { ExecutionRun } from './execution-run.js';
import { limitsOf, spentOf } from './execution-spending.js';
import { planOf } from './execution-view.js';
import { openItems, type Lend } from './open-items.js';

/** Runs executions: the engine yields what happens, this remembers it in the user's store, and only then the engine goes on. */
@Injectable()
export class ExecutionRunner implements OnModuleDestroy {
  readonly #log = new Logger(ExecutionRunner.name);
  readonly #runs = new Map<string, ExecutionRun>();
  readonly #limiters: Limiters;
  #stopping = false;

  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly orchestrators: CompiledOrchestrators,
    private readonly counts: ExecutionCounts,
  ) {
    this.#limiters = new Limiters(steadyClock, { maxInFlight: config.outbound.maxInFlight });
  }

  /** Begins nothing more, lets what is on the wire finish for the configured time, then leaves the rest to the journal. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    const runs = [...this.#runs.values()];
    for (const run of runs) run.stop.abort(new DOMException('The server is shutting down.', 'AbortError'));
    const impatience = setTimeout(() => {
      for (const run of runs) run.abandon.abort(new DOMException('The server is shutting down.', 'AbortError'));
    }, this.config.shutdownDrainMs);
    await Promise.all(runs.map((run) => run.ended));
    clearTimeout(impatience);
  }

  /** The executions that run in this process. */
  active(): ExecutionRun[] {
    return [...this.#runs.values()];
  }

  /** How the endpoints are doing that an execution sends to. */
  endpoints({ limitKeys, userId }: ExecutionRun): LimitState[] {
    return limitKeys.map((key) => this.#limiters.state(key, userId));
  }

  /** How all endpoints are doing, by their keys. */
  limits(): Iterable<readonly [limitKey: string, state: LimitState]> {
    return this.#limiters.states();
  }

  /** Whether an execution runs in this process. */
  runs(executionId: string): boolean {
    return this.#runs.has(executionId);
  }

  /** Runs an execution that its user's store knows, unless it runs already. */
  start(userId: string, executionId: string): void {
    if (this.#stopping || this.#runs.has(executionId)) return;
    const run = new ExecutionRun(userId, executionId);
    this.#runs.set(executionId, run);
    this.counts.started += 1;
    run.ended = this.#supervise(run).finally(() => {
      this.#runs.delete(executionId);
      run.begun.resolve(null);
    });
  }

  /** Sends nothing more, and lets what is on the wire finish. That it is paused must be in the store before. */
  pause(executionId: string): void {
    this.#runs.get(executionId)?.stop.abort(new DOMException('The execution was paused.', 'AbortError'));
  }

  /** Runs it again, after what is still on the wire from before a pause. That it is to go on must be in the store before. */
  resume(userId: string, executionId: string): void {
    const run = this.#runs.get(executionId);
    if (run) void run.ended.then(() => this.start(userId, executionId));
    else this.start(userId, executionId);
  }

  /** Cuts off what is on the wire, and cancels what is open. It ends by itself soon after; that it is wanted must be in the store before. */
  cancel(userId: string, executionId: string): void {
    this.#runs.get(executionId)?.cancel.abort(cancelled());
    // One that was just about to end for another reason is begun again, and finds in the store what is wanted.
    this.resume(userId, executionId);
  }

  /** Cuts off everything that runs for somebody who is to be erased. Resolves when it has come to its end. */
  async forget(userId: string): Promise<void> {
    const runs = [...this.#runs.values()].filter((run) => run.userId === userId);
    for (const run of runs) {
      run.forgotten = true;
      for (const end of [run.stop, run.abandon]) end.abort(new DOMException('Its memory is erased.', 'AbortError'));
    }
    await Promise.all(runs.map((run) => run.ended));
    for (const run of runs) run.progress?.end('cancelled', 'Its memory is erased.');
  }

  /** The progress of an execution that runs in this process. */
  progress(executionId: string): ExecutionProgress | null {
    return this.#runs.get(executionId)?.progress ?? null;
  }

  /** What an execution that runs in this process has spent. */
  spending(executionId: string): Spending | null {
    return this.#runs.get(executionId)?.spending ?? null;
  }

  /** How the endpoint of an execution that runs in this process is doing. */
  endpoint(executionId: string): LimitState | null {
    const run = this.#runs.get(executionId);
    return run?.limitKey ? this.#limiters.state(run.limitKey, run.userId) : null;
  }

  /** The progress of an execution, but waits for one that has only just been started; null when it does not run here. */
  async begun(executionId: string): Promise<ExecutionProgress | null> {
    return this.#runs.get(executionId)?.begun.promise ?? null;
  }

  /** Runs it to its end, through times in which its memory is not to be had. */
  async #supervise(run: ExecutionRun): Promise<void> {
    const { userId, executionId } = run;
    for (let failures = 0; !this.#stopping; failures++) {
      try {
        await this.#run(run);
        return;
      } catch (error) {
        if (this.#stopping || run.forgotten) return;
        if (!mayComeBack(error)) {
          this.#log.error({ userId, executionId, err: error }, 'execution failed');
          await this.#fail(run, error);
          return;
        }
        const pauseMs = pauseAfter(failures);
        run.waitsForMemory = true;
        this.#log.warn({ userId, executionId, pauseMs, err: error }, 'the memory is not available; the execution waits');
        await systemClock.sleep(pauseMs, run.stop.signal).catch(() => undefined);
      }
    }
  }

  async #run(run: ExecutionRun): Promise<void> {
    const { userId, executionId } = run;
    const lend: Lend = (fn) => this.db.lendOf(userId, fn);
    const execution = await lend((store) => store.transact((memory) => memory.executions.begin(executionId)));
    if (execution.state !== 'running') return;
    const { coverage, spent } = await lend((store) =>
      store.read(async ({ items }) => ({ coverage: await items.coverage(executionId), spent: await items.spent([executionId]) })),
    );
    const progress = run.progress ?? new ExecutionProgress(coverage);
    if (run.progress) progress.resume(coverage);
    run.progress = progress;
    if (execution.cancel_requested_at !== null) run.cancel.abort(cancelled());
    const plan = planOf(execution);
    const spending = new Spending(limitsOf(execution), spentOf(spent, plan));
    run.spending = spending;
    run.begun.resolve(progress);
    run.waitsForMemory = false;
    run.progressedAt = steadyClock.now();
    await using lease = await this.orchestrators.acquire(userId, plan);
    const compiled = lease.instance;
    run.limitKey = compiled.target?.limitKey ?? null;
    run.limitKeys = this.counts.uses(compiled);
    const { maxRetries } = plan.orchestrator.parameters as unknown as OrchestratorParameters;
    const batches = runExecution(openItems(lend, executionId, plan.source.kind === 'answers'), compiled, {
      scoringRunId: plan.scoringRunId,
      seed: plan.seed,
      onUnknownOutcome: execution.on_unknown_outcome,
      retry: { ...DEFAULT_RETRIES, maxRetries },
      clock: systemClock,
      limiters: this.#limiters,
      spending,
      onAttempt: this.counts.attempt,
      user: userId,
      stop: run.stop.signal,
      abandon: run.abandon.signal,
      cancel: run.cancel.signal,
    });
    for await (const events of batches) {
      await lend((store) => store.append(events, { executionId, labels: execution.labels }));
      progress.add(events);
      run.progressedAt = steadyClock.now();
      this.counts.durable(events);
    }
    const state = await this.#conclude(run, progress, spending);
    this.#log.log({ userId, executionId, state, open: progress.current(state, null).coverage.open }, 'execution ended');
  }

  /** After the engine has ended: everything has come to an end, or it was told to send nothing more. */
  async #conclude(run: ExecutionRun, progress: ExecutionProgress, spending: Spending): Promise<ExecutionState> {
    const { executionId } = run;
    const { coverage } = progress.current('running', null);
    if (this.#stopping && coverage.open > 0) {
      this.counts.end('interrupted');
      progress.end('running', 'The server is shutting down; the execution goes on when it is back.');
      return 'running';
    }
    const { state, reason } = await this.db.lendOf(run.userId, (store) =>
      store.transact(({ executions }) => concluded(executions, executionId, coverage, spending)),
    );
    this.counts.end(state);
    progress.end(state, reason);
    return state;
  }

  async #fail(run: ExecutionRun, error: unknown): Promise<void> {
    const reason =
      error instanceof Error && 'faults' in error ? error.message : 'Something went wrong in the server; the log has it under this id.';
    try {
      await this.db.lendOf(run.userId, (store) =>
        store.transact((memory) => memory.executions.setState(run.executionId, 'failed', reason)),
      );
    } catch (second) {
      this.#log.error({ executionId: run.executionId, err: second }, 'the failure of an execution could not be kept');
    }
    this.counts.end('failed');
    run.progress?.end('failed', reason);
  }
}

/** The state that an execution is left in. Without a reason of ours for what is open, it was paused, or resumed again since. */
async function concluded(
  executions: MemoryWriters['executions'],
  id: string,
  { open, cancelled: stopped }: Coverage,
  { reached }: Spending,
): Promise<ExecutionTable> {
  const present = await executions.get(id);
  if (FINAL_STATES.includes(present.state)) return present;
  if (open === 0) return executions.setState(id, stopped > 0 ? 'cancelled' : 'completed');
  return reached.aborted ? executions.pause(id, (reached.reason as Error).message) : present;
}

function cancelled(): DOMException {
  return new DOMException('The execution was cancelled.', 'AbortError');
}
