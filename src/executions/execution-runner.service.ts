import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { CatalogPage, Store } from '#catalog';
import { steadyClock, systemClock, Unavailable, type ItemProgress } from '#core';
import { DEFAULT_RETRIES, Limiters, runExecution } from '#execution';
import type { ExecutionTable, MemoryStore } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { OrchestratorParameters } from '../orchestrators/orchestrator-types.js';
import { ExecutionProgress } from './execution-progress.js';
import { planOf } from './execution-view.js';
import { OrchestratorCompiler } from './orchestrator-compiler.service.js';

interface Run {
  readonly userId: string;
  readonly executionId: string;
  readonly stop: AbortController;
  readonly abandon: AbortController;
  readonly cancel: AbortController;
  progress: ExecutionProgress | null;
  /** Resolves when there is progress, or to null when the run ended without any. */
  readonly begun: PromiseWithResolvers<ExecutionProgress | null>;
  ended: Promise<void>;
}

const SOURCE_PAGE = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Runs executions: the engine yields what happens, this remembers it in the user's store, and only then the engine goes on. What is unfinished is
 * taken up when the server starts, without anybody asking.
 */
@Injectable()
export class ExecutionRunner implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger(ExecutionRunner.name);
  readonly #runs = new Map<string, Run>();
  readonly #limiters: Limiters;
  readonly #shutdown = new AbortController();
  #stopping = false;
  /** Resolves when everybody's unfinished executions were looked for once. */
  #takingUp: Promise<void> = Promise.resolve();
  /** Resolves when there is no memory left that was not to be had then. */
  #waitingFor: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly compiler: OrchestratorCompiler,
  ) {
    this.#limiters = new Limiters(steadyClock, { maxInFlight: config.outbound.maxInFlight });
  }

  onApplicationBootstrap(): void {
    this.#takingUp = this.#takeUpAll()
      .then((missed) => {
        this.#waitingFor = Promise.all(missed.map((store) => this.#takeUpLater(store)));
      })
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'executions can not be taken up');
      });
  }

  /** Begins nothing more, lets what is on the wire finish for the configured time, then leaves the rest to the journal. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    this.#shutdown.abort();
    const runs = [...this.#runs.values()];
    for (const run of runs) run.stop.abort(new DOMException('The server is shutting down.', 'AbortError'));
    const impatience = setTimeout(() => {
      for (const run of runs) run.abandon.abort(new DOMException('The server is shutting down.', 'AbortError'));
    }, this.config.shutdownDrainMs);
    await Promise.all([this.#takingUp, ...runs.map((run) => run.ended)]);
    await this.#waitingFor;
    clearTimeout(impatience);
  }

  /** How many executions run in this process. */
  get running(): number {
    return this.#runs.size;
  }

  /** Runs an execution that its user's store knows, unless it runs already. */
  start(userId: string, executionId: string): void {
    if (this.#stopping || this.#runs.has(executionId)) return;
    const run: Run = {
      userId,
      executionId,
      stop: new AbortController(),
      abandon: new AbortController(),
      cancel: new AbortController(),
      progress: null,
      begun: Promise.withResolvers(),
      ended: Promise.resolve(),
    };
    this.#runs.set(executionId, run);
    run.ended = this.#supervise(run).finally(() => {
      this.#runs.delete(executionId);
      run.begun.resolve(null);
    });
  }

  /** Cuts off what is on the wire, and cancels what is open. It ends by itself soon after; that it is wanted must be in the store before. */
  cancel(userId: string, executionId: string): void {
    this.start(userId, executionId);
    this.#runs.get(executionId)?.cancel.abort(cancelled());
  }

  /** The progress of an execution that runs in this process. */
  progress(executionId: string): ExecutionProgress | null {
    return this.#runs.get(executionId)?.progress ?? null;
  }

  /** The same, but waits for an execution that has only just been started, or is still to be taken up; null when it does not run here. */
  async begun(executionId: string): Promise<ExecutionProgress | null> {
    if (!this.#runs.has(executionId)) await this.#takingUp;
    return this.#runs.get(executionId)?.begun.promise ?? null;
  }

  /** @returns the stores that are not to be had at the moment. */
  async #takeUpAll(): Promise<Store[]> {
    const missed: Store[] = [];
    for (let after: string | null = null; !this.#stopping;) {
      const page: CatalogPage<Store> = await this.catalog.stores.list({ limit: 100, after });
      for (const store of page.items) {
        if (this.#stopping || store.state !== 'active') continue;
        if (!(await this.#takeUp(store))) missed.push(store);
      }
      if (page.next === null) break;
      after = page.next;
    }
    return missed;
  }

  /** Takes up what is unfinished in one memory. @returns false when it should be tried again. */
  async #takeUp({ userId, storeId }: Store): Promise<boolean> {
    try {
      const unfinished = await this.db.lendOf(userId, (memory) => memory.read(({ executions }) => executions.unfinished()));
      for (const { id } of unfinished) {
        if (this.#runs.has(id)) continue;
        this.#log.log({ userId, executionId: id }, 'execution taken up');
        this.start(userId, id);
      }
      return true;
    } catch (error) {
      this.#log.error({ userId, storeId, err: error }, 'executions of a memory can not be taken up');
      return !(error instanceof Unavailable);
    }
  }

  /** Waits for a memory that somebody else holds, or whose disk is full. */
  async #takeUpLater(store: Store): Promise<void> {
    for (let failures = 0; !this.#stopping; failures++) {
      await systemClock.sleep(pauseAfter(failures), this.#shutdown.signal).catch(() => undefined);
      if (this.#stopping || (await this.#takeUp(store))) return;
    }
  }

  /** Runs it to its end, through times in which its memory is not to be had. */
  async #supervise(run: Run): Promise<void> {
    const { userId, executionId } = run;
    for (let failures = 0; !this.#stopping; failures++) {
      try {
        const ended = await this.#run(run);
        this.#log.log({ userId, executionId, state: ended }, 'execution ended');
        return;
      } catch (error) {
        if (this.#stopping) return;
        if (!(error instanceof Unavailable)) {
          this.#log.error({ userId, executionId, err: error }, 'execution failed');
          await this.#fail(run, error);
          return;
        }
        const pauseMs = pauseAfter(failures);
        this.#log.warn({ userId, executionId, pauseMs, err: error }, 'the memory is not available; the execution waits');
        await systemClock.sleep(pauseMs, run.stop.signal).catch(() => undefined);
      }
    }
  }

  async #run(run: Run): Promise<string> {
    const { userId, executionId } = run;
    const lend = <T>(fn: (store: MemoryStore) => Promise<T>): Promise<T> => this.db.lendOf(userId, fn);
    const execution = await lend((store) => store.transact((memory) => memory.executions.setState(executionId, 'running')));
    const coverage = await lend((store) => store.read((memory) => memory.items.coverage(executionId)));
    const progress = run.progress ?? new ExecutionProgress(coverage);
    if (run.progress) progress.resume(coverage);
    run.progress = progress;
    if (execution.cancel_requested_at !== null) run.cancel.abort(cancelled());
    run.begun.resolve(progress);
    const plan = planOf(execution);
    await using compiled = await this.compiler.compile(plan);
    const { maxRetries } = plan.orchestrator.parameters as unknown as OrchestratorParameters;
    const batches = runExecution(openItems(lend, executionId), compiled, {
      scoringRunId: plan.scoringRunId,
      seed: plan.seed,
      onUnknownOutcome: execution.on_unknown_outcome,
      retry: { ...DEFAULT_RETRIES, maxRetries },
      clock: systemClock,
      limiters: this.#limiters,
      user: userId,
      stop: run.stop.signal,
      abandon: run.abandon.signal,
      cancel: run.cancel.signal,
    });
    for await (const events of batches) {
      await lend((store) => store.append(events, { executionId, labels: execution.labels }));
      progress.add(events);
    }
    return this.#conclude(run, execution, progress);
  }

  /** After the engine has ended: everything has come to an end, or the server is shutting down. */
  async #conclude(run: Run, execution: ExecutionTable, progress: ExecutionProgress): Promise<string> {
    const { coverage } = progress.current('running', null);
    if (this.#stopping && coverage.open > 0) {
      progress.end('running', 'The server is shutting down; the execution goes on when it is back.');
      return 'interrupted';
    }
    const state = coverage.cancelled > 0 ? 'cancelled' : 'completed';
    await this.db.lendOf(run.userId, (store) => store.transact((memory) => memory.executions.setState(execution.id, state)));
    progress.end(state, null);
    return state;
  }

  async #fail(run: Run, error: unknown): Promise<void> {
    const reason =
      error instanceof Error && 'faults' in error ? error.message : 'Something went wrong in the server; the log has it under this id.';
    try {
      await this.db.lendOf(run.userId, (store) =>
        store.transact((memory) => memory.executions.setState(run.executionId, 'failed', reason)),
      );
    } catch (second) {
      this.#log.error({ executionId: run.executionId, err: second }, 'the failure of an execution could not be kept');
    }
    run.progress?.end('failed', reason);
  }
}

/** How long to leave a memory alone that was not to be had so many times before. */
function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures);
}

function cancelled(): DOMException {
  return new DOMException('The execution was cancelled.', 'AbortError');
}

/** The open items of an execution, page by page, in order. */
async function* openItems(
  lend: <T>(fn: (store: MemoryStore) => Promise<T>) => Promise<T>,
  executionId: string,
): AsyncGenerator<readonly ItemProgress[]> {
  for (let after = -1; ;) {
    const page = await lend((store) => store.read((memory) => memory.items.open(executionId, after, SOURCE_PAGE)));
    yield page;
    const last = page.at(-1);
    if (!last || page.length < SOURCE_PAGE) return;
    after = last.item.position;
  }
}
