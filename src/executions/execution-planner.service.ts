import { Injectable } from '@nestjs/common';
import { Conflict, QuotaExceeded, uuidv7, type Item, type JsonValue } from '#core';
import { planAnswers, planItems, PlanHash } from '#execution';
import type { ExecutionTable, ItemTable, MemoryReaders, MemoryStore } from '#memory';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { CompiledOrchestrators } from './compiled-orchestrators.service.js';
import type { CreateExecutionDto } from './create-execution.dto.js';
import { labelsOf } from './execution-labels.js';
import { ExecutionSubjects, type Subjects } from './execution-subjects.service.js';
import { checkPrices } from './execution-spending.js';
import { shapeOf, sizeOf } from './plan-size.js';
import { PlanResolver } from './plan-resolver.service.js';
import type { ResolvedPlan } from './resolved-plan.js';

/** Makes plans: resolved, hashed, written down, and immutable from then on. */
@Injectable()
export class ExecutionPlanner {
  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly resolver: PlanResolver,
    private readonly subjects: ExecutionSubjects,
    private readonly orchestrators: CompiledOrchestrators,
    private readonly users: UserContextService,
  ) {}

  /**
   * Plans an execution and writes it down as `queued`. The memory is held for as long as that takes: what nobody refers to when a memory is opened
   * counts as left behind by a crash, and the items of a plan are referred to only at its end.
   * @throws NotFound, InvalidInput, QuotaExceeded; Conflict when its dataset is deleted meanwhile.
   */
  plan(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionTable> {
    return this.db.lend((store) => this.#plan(store, orchestratorId, request));
  }

  async #plan(store: MemoryStore, orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionTable> {
    const id = uuidv7();
    const labels = labelsOf(request.labels);
    const plan = await this.db.read(async (memory) => {
      await this.#assertQuota(memory);
      return this.resolver.resolve(memory, orchestratorId, request);
    });
    checkPrices(request, plan);
    const subjects = await this.subjects.of(plan, request);
    const expected = sizeOf(subjects.count, plan);
    // Nothing is planned that can't run: a secret that does not open is said now. What is compiled for that is there when it runs.
    await (await this.orchestrators.acquire(this.users.current().userId, plan))[Symbol.asyncDispose]();
    try {
      const { planned, hash } = await this.#writeItems(store, id, plan, subjects);
      if (planned !== expected) throw new Conflict('What it was planned for was changed or deleted meanwhile. Look at it, and try again.');
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
        max_requests: request.maxRequests ?? null,
        max_tokens: request.maxTokens ?? null,
        max_cost: request.maxCost ?? null,
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

  async #writeItems(store: MemoryStore, id: string, plan: ResolvedPlan, subjects: Subjects): Promise<{ planned: number; hash: string }> {
    // The run has a name of its own each time; what would be done is the same.
    const { scoringRunId: _run, ...lasting } = plan;
    const hash = new PlanHash(lasting as unknown as JsonValue);
    let planned = 0;
    for await (const items of itemsOf(subjects, plan)) {
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
}

function itemsOf(subjects: Subjects, plan: ResolvedPlan): AsyncGenerator<Item[]> {
  return subjects.kind === 'answers' ? planAnswers(subjects.pages) : planItems(subjects.pages, shapeOf(plan));
}
