import { Injectable } from '@nestjs/common';
import { Conflict, InvalidInput, QuotaExceeded, seededRandom, uuidv7, type JsonValue } from '#core';
import { applyChain } from '#converters';
import { planItems, PlanHash, type PlanShape } from '#execution';
import type { ExecutionTable, ItemTable, MemoryReaders, MemoryStore } from '#memory';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { CreateExecutionDto, ExecutionPreviewDto } from './execution.dto.js';
import { ExecutionPrompts } from './execution-prompts.service.js';
import { OrchestratorCompiler } from './orchestrator-compiler.service.js';
import { PlanResolver } from './plan-resolver.service.js';
import { chainNames, type ResolvedPlan } from './resolved-plan.js';

const MAX_ITEMS = 1_000_000;
const MAX_LABELS = 50;

/** Makes plans: resolved, hashed, written down, and immutable from then on. */
@Injectable()
export class ExecutionPlanner {
  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly resolver: PlanResolver,
    private readonly prompts: ExecutionPrompts,
    private readonly compiler: OrchestratorCompiler,
  ) {}

  /**
   * Plans an execution and writes it down as `queued`. The memory is held for as long as that takes: what nobody refers to when a memory is opened
   * counts as left behind by a crash, and the items of a plan are referred to only at its end.
   * @throws NotFound, InvalidInput, QuotaExceeded; Conflict when its dataset is deleted meanwhile.
   */
  plan(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionTable> {
    return this.db.lend((store) => this.#plan(store, orchestratorId, request));
  }

  /** What `plan` would plan; keeps nothing. @throws NotFound, InvalidInput */
  async preview(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionPreviewDto> {
    labelsOf(request.labels);
    const plan = await this.db.read((memory) => this.resolver.resolve(memory, orchestratorId, request));
    const prompts = await this.prompts.of(plan, request);
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

  async #plan(store: MemoryStore, orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionTable> {
    const id = uuidv7();
    const labels = labelsOf(request.labels);
    const plan = await this.db.read(async (memory) => {
      await this.#assertQuota(memory);
      return this.resolver.resolve(memory, orchestratorId, request);
    });
    const prompts = await this.prompts.of(plan, request);
    const expected = sizeOf(prompts.count, plan);
    // Nothing is planned that can't run: a secret that does not open is said now.
    await (await this.compiler.compile(plan))[Symbol.asyncDispose]();
    try {
      const { planned, hash } = await this.#writeItems(store, id, plan, prompts.pages);
      if (planned !== expected) throw new Conflict('The dataset was deleted while the execution was being planned. Choose another one.');
      const row: ExecutionTable = {
        id,
        orchestrator_id: orchestratorId,
        plan: plan as unknown as JsonValue,
        plan_hash: hash,
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
      await store.transact((memory) => memory.executions.create(row));
      return row;
    } catch (error) {
      await store.transact((memory) => memory.executions.dropItems(id));
      throw error;
    }
  }

  async #writeItems(
    store: MemoryStore,
    id: string,
    plan: ResolvedPlan,
    pages: AsyncIterable<string[]>,
  ): Promise<{ planned: number; hash: string }> {
    // The run has a name of its own each time; what would be done is the same.
    const { scoringRunId: _run, ...lasting } = plan;
    const hash = new PlanHash(lasting as unknown as JsonValue);
    let planned = 0;
    for await (const items of planItems(pages, shapeOf(plan))) {
      hash.add(items);
      planned += items.length;
      const rows: ItemTable[] = items.map(({ promptId, ...item }) => ({ ...item, execution_id: id, prompt_id: promptId }));
      await store.appendRows({ items: rows });
    }
    return { planned, hash: hash.digest() };
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

  async #samples(plan: ResolvedPlan, pages: AsyncIterable<string[]>): Promise<ExecutionPreviewDto['samples']> {
    await using compiled = await this.compiler.compile(plan);
    for await (const items of planItems(pages, { ...shapeOf(plan), repeats: 1 })) {
      return items.slice(0, plan.chains.length).map((item) => ({
        original: item.value,
        converted: applyChain(compiled.chains[item.chain] ?? [], item.value, (index) => seededRandom(`${plan.seed}/${item.id}/${index}`)),
        converters: chainNames(plan, item.chain),
      }));
    }
    return [];
  }
}

function shapeOf({ chains, repeats }: ResolvedPlan): PlanShape {
  return { chains: chains.map((chain) => chain.map(({ type, parameters }) => ({ type, parameters }))), repeats };
}

/** How many items a plan has. @throws InvalidInput for none, QuotaExceeded for too many. */
function sizeOf(prompts: number, { chains, repeats }: ResolvedPlan): number {
  const items = prompts * chains.length * repeats;
  if (items === 0) throw new InvalidInput('There is no prompt to send.');
  if (items > MAX_ITEMS) {
    throw new QuotaExceeded(`The execution would have ${items} items; the limit is ${MAX_ITEMS}. Split it into several.`);
  }
  return items;
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
