import { Injectable } from '@nestjs/common';
import { stretchOf, type Coverage, type ItemState, type Stretch } from '#core';
import type { Spent } from '#execution';
import { FINAL_STATES, type ExecutionTable, type ItemStatus, type MemoryReaders, type PageRequest } from '#memory';
import { CatalogService } from '../catalog/catalog.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { UserContextService } from '../user-context/user-context.service.js';
import type { CreateExecutionDto, ResumeExecutionDto } from './create-execution.dto.js';
import type { ExecutionDto, ExecutionPreviewDto, ExecutionQuery } from './execution.dto.js';
import type { ItemDto, ResultDto } from './result.dto.js';
import type { ExecutionSummaryDto } from './summary.dto.js';
import { ExecutionPlanner } from './execution-planner.service.js';
import { ExecutionPreview } from './execution-preview.service.js';
import { settledOf, type ProgressReport } from './execution-progress.js';
import { ExecutionRunner } from './execution-runner.service.js';
import { checkPrices, limitColumns, spentOf } from './execution-spending.js';
import { executionView, NO_COVERAGE, planOf } from './execution-view.js';
import { itemView, readResults } from './results.js';
import type { ResolvedPlan } from './resolved-plan.js';
import { readSummary } from './summary.js';

const EXPORT_PAGE = 200;

interface PositionPage {
  readonly limit: number;
  readonly after: number;
}

@Injectable()
export class ExecutionsService {
  constructor(
    private readonly db: DbConnectionService,
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
    private readonly planner: ExecutionPlanner,
    private readonly previews: ExecutionPreview,
    private readonly runner: ExecutionRunner,
  ) {}

  /** Plans an execution and begins it. @throws NotFound, InvalidInput, QuotaExceeded; Conflict when its dataset is deleted meanwhile. */
  async create(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionDto> {
    const { userId } = this.users.current();
    await this.catalog.stores.hasWork(userId);
    const row = await this.planner.plan(orchestratorId, request);
    this.runner.start(userId, row.id);
    return this.#view(row, { coverage: { ...NO_COVERAGE, planned: row.planned, open: row.planned }, spent: NOTHING_SPENT });
  }

  /** What `create` would plan; keeps nothing. @throws NotFound, InvalidInput */
  preview(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionPreviewDto> {
    return this.previews.preview(orchestratorId, request);
  }

  async list(page: PageRequest & Pick<ExecutionQuery, 'orchestratorId' | 'state'>): Promise<ExecutionDto[]> {
    return this.db.read(async (memory) => {
      const rows = await memory.executions.list(page);
      const running = new Map(rows.flatMap(({ id }) => this.#running(id)));
      const ids = rows.map(({ id }) => id).filter((id) => !running.has(id));
      const coverages = await memory.items.coverages(ids);
      const spent = Map.groupBy(await memory.items.spent(ids), (each) => each.executionId);
      return rows.map((row) =>
        this.#view(
          row,
          running.get(row.id) ?? { coverage: coverages.get(row.id) ?? NO_COVERAGE, spent: spentOf(spent.get(row.id) ?? [], planOf(row)) },
        ),
      );
    });
  }

  /** @throws NotFound */
  async get(id: string): Promise<ExecutionDto> {
    return this.db.read(async (memory) => {
      const row = await memory.executions.get(id);
      const [running] = this.#running(id);
      if (running) return this.#view(row, running[1]);
      return this.#view(row, { coverage: await memory.items.coverage(id), spent: spentOf(await memory.items.spent([id]), planOf(row)) });
    });
  }

  /** How it stands now, when it does not run in this process. @throws NotFound */
  async report(id: string): Promise<ProgressReport> {
    const { state, reason, coverage } = await this.get(id);
    return { state, reason, coverage, settled: settledOf(coverage), promptsPerSecond: null, etaSeconds: null };
  }

  /** What became of the prompts, by converter chain and by scorer. @throws NotFound */
  summary(id: string): Promise<ExecutionSummaryDto> {
    return this.db.read((memory) => readSummary(memory, id));
  }

  /** @throws NotFound */
  async items(id: string, { limit, after }: PositionPage, state?: ItemState): Promise<Stretch<ItemDto>> {
    return this.#page(id, limit, after, state, async (_memory, plan, items) => {
      const { rows, more } = stretchOf(items, limit, () => 0);
      return { rows: rows.map((item) => itemView(item, plan)), more };
    });
  }

  /** @throws NotFound */
  async results(id: string, { limit, after }: PositionPage, state?: ItemState): Promise<Stretch<ResultDto>> {
    return this.#page(id, limit, after, state, (memory, plan, items) => readResults(memory, id, plan, items, limit));
  }

  /** All results, page by page, each from a snapshot of its own. @throws NotFound before the first page */
  async *allResults(id: string): AsyncGenerator<readonly ResultDto[]> {
    for (let after = -1; ;) {
      const { rows, more } = await this.results(id, { limit: EXPORT_PAGE, after });
      yield rows;
      if (!more) return;
      after = rows.at(-1)?.position ?? after;
    }
  }

  /** Sends nothing more until it is resumed. @throws NotFound; Conflict when it has ended. */
  async pause(id: string): Promise<ExecutionDto> {
    await this.db.transact(({ executions }) => executions.pause(id, 'It was paused by its user.'));
    this.runner.pause(id);
    return this.get(id);
  }

  /** Goes on with one that is paused or has failed, under other limits if they are given. @throws NotFound, InvalidInput; Conflict when it has ended. */
  async resume(id: string, limits: ResumeExecutionDto): Promise<ExecutionDto> {
    const { userId } = this.users.current();
    await this.catalog.stores.hasWork(userId);
    const { state } = await this.db.transact(async ({ executions }) => {
      checkPrices(limits, planOf(await executions.get(id)));
      return executions.resume(id, limitColumns(limits));
    });
    if (state === 'queued') this.runner.resume(userId, id);
    return this.get(id);
  }

  /** Cancels what is open; one that has ended stays as it is. @throws NotFound */
  async cancel(id: string): Promise<ExecutionDto> {
    const { state } = await this.db.transact((memory) => memory.executions.requestCancel(id));
    if (!FINAL_STATES.includes(state)) this.runner.cancel(this.users.current().userId, id);
    return this.get(id);
  }

  /** Deletes an ended execution with its messages and scores. @throws NotFound; Conflict when it has not ended. */
  async delete(id: string): Promise<void> {
    await this.db.transact((memory) => memory.executions.delete(id));
  }

  async #page<T>(
    id: string,
    limit: number,
    after: number,
    state: ItemState | undefined,
    fn: (memory: MemoryReaders, plan: ResolvedPlan, items: ItemStatus[]) => Promise<T>,
  ): Promise<T> {
    return this.db.read(async (memory) => {
      const plan = planOf(await memory.executions.get(id));
      return fn(memory, plan, await memory.items.list(id, after, limit + 1, state));
    });
  }

  /** Where an execution stands that runs in this process: it keeps count of what is durable, so that nobody has to count in the memory. */
  #running(id: string): [[string, Standing]] | [] {
    const progress = this.runner.progress(id);
    const spending = this.runner.spending(id);
    return progress && spending ? [[id, { coverage: progress.current('running', null).coverage, spent: spending.spent }]] : [];
  }

  #view(row: ExecutionTable, { coverage, spent }: Standing): ExecutionDto {
    return executionView(row, coverage, spent, this.runner.progress(row.id), this.runner.endpoint(row.id));
  }
}

/** What is counted of an execution. */
interface Standing {
  readonly coverage: Coverage;
  readonly spent: Spent;
}

const NOTHING_SPENT: Spent = { requests: 0, tokens: 0, cost: 0 };
