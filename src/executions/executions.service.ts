import { Injectable } from '@nestjs/common';
import { Conflict, InvalidInput, QuotaExceeded, seededRandom, uuidv7, type Coverage, type ItemState, type JsonValue } from '#core';
import { applyChain } from '#converters';
import { DEFAULT_LIMITS, toSeedPrompt } from '#datasets';
import { planItems, PlanHash, samplePositions } from '#execution';
import {
  FINAL_STATES,
  type ExecutionTable,
  type ItemStatus,
  type ItemTable,
  type MemoryReaders,
  type PageRequest,
  type ScorerSummary,
} from '#memory';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { UserContextService } from '../user-context/user-context.service.js';
import type {
  CreateExecutionDto,
  ExecutionDto,
  ExecutionPreviewDto,
  ExecutionQuery,
  ExecutionSummaryDto,
  ItemDto,
  ResultDto,
  ScorerSummaryDto,
} from './execution.dto.js';
import { settledOf, type ProgressReport } from './execution-progress.js';
import { ExecutionRunner } from './execution-runner.service.js';
import { OrchestratorCompiler } from './orchestrator-compiler.service.js';
import { PlanResolver } from './plan-resolver.service.js';
import { itemView, readResults } from './results.js';
import { chainNames, type ResolvedPlan } from './resolved-plan.js';

const MAX_ITEMS = 1_000_000;
const MAX_LABELS = 50;
const PROMPT_PAGE = 1_000;
const EXPORT_PAGE = 200;

interface PositionPage {
  readonly limit: number;
  readonly after: number;
}

@Injectable()
export class ExecutionsService {
  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly users: UserContextService,
    private readonly plans: PlanResolver,
    private readonly compiler: OrchestratorCompiler,
    private readonly runner: ExecutionRunner,
  ) {}

  /** Plans an execution and begins it. @throws NotFound, InvalidInput, QuotaExceeded; Conflict when its dataset is deleted meanwhile. */
  async create(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionDto> {
    const id = uuidv7();
    const labels = labelsOf(request.labels);
    const plan = await this.db.read(async (memory) => {
      await this.#assertQuota(memory);
      return this.plans.resolve(memory, orchestratorId, request);
    });
    const prompts = await this.#promptsOf(plan, request);
    assertSize(prompts.count, plan);
    // Nothing is planned that can't run: a secret that does not open is said now.
    await (await this.compiler.compile(plan))[Symbol.asyncDispose]();
    // The run has a name of its own each time; what would be done is the same.
    const { scoringRunId: _run, ...lasting } = plan;
    const hash = new PlanHash(lasting as unknown as JsonValue);
    let planned = 0;
    const chains = plan.chains.map((chain) => chain.map(({ type, parameters }) => ({ type, parameters })));
    for await (const items of planItems(prompts.pages, { chains, repeats: plan.repeats })) {
      hash.add(items);
      planned += items.length;
      const rows: ItemTable[] = items.map(({ promptId, ...item }) => ({ ...item, execution_id: id, prompt_id: promptId }));
      await this.db.lend((store) => store.appendRows({ items: rows }));
    }
    if (planned !== sizeOf(prompts.count, plan))
      throw new Conflict('The dataset was deleted while the execution was being planned. Choose another one.');
    const row: ExecutionTable = {
      id,
      orchestrator_id: orchestratorId,
      plan: plan as unknown as JsonValue,
      plan_hash: hash.digest(),
      planned,
      state: 'queued',
      reason: null,
      on_unknown_outcome: request.onUnknownOutcome ?? 'resend',
      labels,
      created_at: new Date().toISOString(),
      cancel_requested_at: null,
      started_at: null,
      finished_at: null,
    };
    await this.db.transact((memory) => memory.executions.create(row));
    this.runner.start(this.users.current().userId, id);
    return this.#view(row, { ...NO_COVERAGE, planned, open: planned });
  }

  /** What `create` would plan; keeps nothing. @throws NotFound, InvalidInput */
  async preview(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionPreviewDto> {
    labelsOf(request.labels);
    const plan = await this.db.read((memory) => this.plans.resolve(memory, orchestratorId, request));
    const prompts = await this.#promptsOf(plan, request);
    assertSize(prompts.count, plan);
    const planned = sizeOf(prompts.count, plan);
    const judges = plan.scorers.filter((scorer) => scorer.judge).length;
    return {
      planned,
      prompts: prompts.count,
      chains: plan.chains.length,
      repeats: plan.repeats,
      requests: { target: planned, judge: planned * judges },
      samples: await this.#samples(plan, prompts.pages),
    };
  }

  async list(page: PageRequest & Pick<ExecutionQuery, 'orchestratorId' | 'state'>): Promise<ExecutionDto[]> {
    return this.db.read(async (memory) => {
      const rows = await memory.executions.list(page);
      const coverages = await memory.items.coverages(rows.map((row) => row.id));
      return rows.map((row) => this.#view(row, coverages.get(row.id) ?? NO_COVERAGE));
    });
  }

  /** @throws NotFound */
  async get(id: string): Promise<ExecutionDto> {
    return this.db.read(async (memory) => this.#view(await memory.executions.get(id), await memory.items.coverage(id)));
  }

  /** How it stands now, when it does not run in this process. @throws NotFound */
  async report(id: string): Promise<ProgressReport> {
    const { state, reason, coverage } = await this.get(id);
    return { state, reason, coverage, settled: settledOf(coverage), promptsPerSecond: null, etaSeconds: null };
  }

  /** What became of the prompts, by converter chain and by scorer. @throws NotFound */
  async summary(id: string): Promise<ExecutionSummaryDto> {
    return this.db.read(async (memory) => {
      const plan = planOf(await memory.executions.get(id));
      const scored = await memory.items.byScorer(id);
      const chains = await memory.items.byChain(id);
      return {
        coverage: await memory.items.coverage(id),
        byConverter: chains.map(({ chain, states }) => ({
          converters: chainNames(plan, chain),
          planned: Object.values(states).reduce((sum, count) => sum + count, 0),
          ...states,
          scorers: scored.filter((summary) => summary.chain === chain).map(scorerView),
        })),
        byScorer: [...Map.groupBy(scored, (summary) => summary.scorerId).values()].map(merge),
      };
    });
  }

  /** @throws NotFound */
  async items(id: string, { limit, after }: PositionPage, state?: ItemState): Promise<ItemDto[]> {
    return this.#page(id, limit, after, state, async (_memory, plan, items) => items.map((item) => itemView(item, plan)));
  }

  /** @throws NotFound */
  async results(id: string, { limit, after }: PositionPage, state?: ItemState): Promise<ResultDto[]> {
    return this.#page(id, limit, after, state, (memory, plan, items) => readResults(memory, id, plan, items));
  }

  /** All results, page by page, each from a snapshot of its own. @throws NotFound before the first page */
  async *allResults(id: string): AsyncGenerator<ResultDto[]> {
    for (let after = -1; ;) {
      const page = await this.results(id, { limit: EXPORT_PAGE, after });
      yield page;
      const last = page.at(-1);
      if (!last || page.length < EXPORT_PAGE) return;
      after = last.position;
    }
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
      return fn(memory, plan, await memory.items.list(id, after, limit, state));
    });
  }

  async #assertQuota(memory: MemoryReaders): Promise<void> {
    const { executions, storeBytes } = this.config.quotas;
    if ((await memory.executions.count()) >= executions) {
      throw new QuotaExceeded(`You have ${executions} executions, which is the limit. Delete some that you do not need.`);
    }
    const { fileBytes, walBytes } = await this.db.lend((store) => store.size());
    if (fileBytes + walBytes >= storeBytes) {
      throw new QuotaExceeded(
        `Your memory has reached its limit of ${Math.round(storeBytes / 1024 / 1024)} MB. Delete executions that you do not need.`,
      );
    }
  }

  /** The prompts of a plan, in order, and how many they are. */
  async #promptsOf(plan: ResolvedPlan, { prompts = [] }: CreateExecutionDto): Promise<{ count: number; pages: AsyncIterable<string[]> }> {
    const { source } = plan;
    if (source.kind === 'prompts') {
      const values = prompts.map((prompt, index) => toSeedPrompt(prompt, `Prompt ${index + 1}`, DEFAULT_LIMITS).value);
      return { count: values.length, pages: slices(values) };
    }
    const { prompt_count: total } = await this.db.read((memory) => memory.datasets.get(source.datasetId));
    const size = Math.min(source.sampleSize ?? total, total);
    const chosen = size < total ? samplePositions(total, size, plan.seed) : null;
    return { count: size, pages: this.#datasetPages(source.datasetId, chosen) };
  }

  async *#datasetPages(datasetId: string, chosen: ReadonlySet<number> | null): AsyncGenerator<string[]> {
    for (let after = -1; ;) {
      const page = await this.db.read((memory) => memory.datasets.prompts(datasetId, after, PROMPT_PAGE));
      yield page.filter(({ position }) => chosen?.has(position) ?? true).map((prompt) => prompt.value);
      const last = page.at(-1);
      if (!last || page.length < PROMPT_PAGE) return;
      after = last.position;
    }
  }

  async #samples(plan: ResolvedPlan, pages: AsyncIterable<string[]>): Promise<ExecutionPreviewDto['samples']> {
    await using compiled = await this.compiler.compile(plan);
    for await (const items of planItems(pages, {
      chains: plan.chains.map((chain) => chain.map(({ type, parameters }) => ({ type, parameters }))),
      repeats: 1,
    })) {
      return items.slice(0, plan.chains.length).map((item) => ({
        original: item.value,
        converted: applyChain(compiled.chains[item.chain] ?? [], item.value, (index) => seededRandom(`${plan.seed}/${item.id}/${index}`)),
        converters: chainNames(plan, item.chain),
      }));
    }
    return [];
  }

  #view(row: ExecutionTable, coverage: Coverage): ExecutionDto {
    const { promptsPerSecond, etaSeconds } = this.runner.progress(row.id)?.current(row.state, row.reason) ?? {
      promptsPerSecond: null,
      etaSeconds: null,
    };
    return {
      id: row.id,
      orchestratorId: row.orchestrator_id,
      orchestratorName: planOf(row).orchestrator.name,
      state: row.state,
      reason: row.reason,
      coverage,
      progress: { promptsPerSecond, etaSeconds },
      planHash: row.plan_hash,
      onUnknownOutcome: row.on_unknown_outcome,
      labels: row.labels,
      createdAt: row.created_at,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
    };
  }
}

const NO_COVERAGE: Coverage = { planned: 0, open: 0, answered: 0, scored: 0, blocked: 0, errored: 0, skipped: 0, cancelled: 0, unknown: 0 };

function planOf(row: ExecutionTable): ResolvedPlan {
  return row.plan as unknown as ResolvedPlan;
}

function sizeOf(prompts: number, { chains, repeats }: ResolvedPlan): number {
  return prompts * chains.length * repeats;
}

function assertSize(prompts: number, plan: ResolvedPlan): void {
  const items = sizeOf(prompts, plan);
  if (items === 0) throw new InvalidInput('There is no prompt to send.');
  if (items > MAX_ITEMS)
    throw new QuotaExceeded(`The execution would have ${items} items; the limit is ${MAX_ITEMS}. Split it into several.`);
}

function labelsOf(given: CreateExecutionDto['labels'] = {}): Readonly<Record<string, string>> {
  if (Object.keys(given).length > MAX_LABELS) {
    throw new InvalidInput('The labels are not what this route takes.', [
      { pointer: '/labels', detail: `must not be more than ${MAX_LABELS}: every message carries them` },
    ]);
  }
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== 'string' || key.length > 200 || value.length > 1_000) {
      throw new InvalidInput('The labels are not what this route takes.', [
        { pointer: `/labels/${key.slice(0, 200)}`, detail: 'must be a text of at most 1,000 characters under a key of at most 200' },
      ]);
    }
  }
  return given;
}

async function* slices(values: readonly string[]): AsyncGenerator<string[]> {
  for (let from = 0; from < values.length; from += PROMPT_PAGE) yield values.slice(from, from + PROMPT_PAGE);
}

function scorerView({ scorerName, scorerType, scores, positive, mean }: ScorerSummary): ScorerSummaryDto {
  return { scorer: scorerName, scorerType, scores, positive, mean };
}

function merge(parts: readonly ScorerSummary[]): ScorerSummaryDto {
  const [first] = parts;
  const scores = parts.reduce((sum, part) => sum + part.scores, 0);
  const isScale = first?.positive === null;
  return {
    scorer: first?.scorerName ?? '',
    scorerType: first?.scorerType ?? '',
    scores,
    positive: isScale ? null : parts.reduce((sum, part) => sum + (part.positive ?? 0), 0),
    mean: isScale ? parts.reduce((sum, part) => sum + (part.mean ?? 0) * part.scores, 0) / Math.max(1, scores) : null,
  };
}
