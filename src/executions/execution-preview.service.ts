import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { seededRandom } from '#core';
import { applyChain } from '#converters';
import { planItems } from '#execution';
import type { OrchestratorParameters } from '../orchestrators/orchestrator-types.js';
import { OrchestratorsService } from '../orchestrators/orchestrators.service.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { CompiledOrchestrators } from './compiled-orchestrators.service.js';
import type { CreateExecutionDto } from './create-execution.dto.js';
import type { ExecutionPreviewDto } from './execution.dto.js';
import { labelsOf } from './execution-labels.js';
import { ExecutionSubjects, type Subjects } from './execution-subjects.service.js';
import { checkPrices, priceOf } from './execution-spending.js';
import { shapeOf, sizeOf } from './plan-size.js';
import { PlanResolver } from './plan-resolver.service.js';
import { chainNames, type ResolvedPlan } from './resolved-plan.js';

/** From so many prompts the length of all is guessed. */
const MEASURED_PROMPTS = 20;
const CHARACTERS_PER_TOKEN = 4;

interface Converted {
  readonly original: string;
  readonly converted: string;
  readonly converters: readonly string[];
}

/** Says what an execution would be, and keeps nothing. */
@Injectable()
export class ExecutionPreview {
  constructor(
    private readonly db: DbConnectionService,
    private readonly resolver: PlanResolver,
    private readonly subjects: ExecutionSubjects,
    private readonly compiled: CompiledOrchestrators,
    private readonly orchestrators: OrchestratorsService,
    private readonly users: UserContextService,
  ) {}

  /** @throws NotFound, InvalidInput */
  async preview(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionPreviewDto> {
    labelsOf(request.labels);
    const plan = await this.db.read((memory) => this.resolver.resolve(memory, orchestratorId, request));
    checkPrices(request, plan);
    const subjects = await this.subjects.of(plan, request);
    const planned = sizeOf(subjects.count, plan);
    const { type, parameters } = plan.orchestrator;
    const { strategy } = parameters as unknown as OrchestratorParameters;
    // Without a judge of the objective nobody tries again.
    const cost = this.orchestrators.strategy(type).cost('objective' in plan.judges ? strategy : { ...strategy, maxAttempts: 1 });
    const asked = Object.entries(plan.judges).filter(([, scorer]) => scorer.judge);
    const judgements =
      plan.scorers.filter((scorer) => scorer.judge).length + asked.reduce((sum, [role]) => sum + (cost.judgements[role] ?? 0), 0);
    const first = await this.#convertFirst(plan, subjects);
    return {
      planned,
      prompts: subjects.count,
      chains: plan.chains.length,
      repeats: plan.repeats,
      requests: { target: planned * cost.target, attacker: planned * cost.attacker, judge: planned * judgements },
      cost: costOf(plan, planned * cost.target, first),
      samples: first.slice(0, plan.chains.length),
    };
  }

  /** What the first prompts become in each chain. */
  async #convertFirst(plan: ResolvedPlan, subjects: Subjects): Promise<Converted[]> {
    if (subjects.kind === 'answers') return [];
    await using lease = await this.compiled.acquire(this.users.current().userId, plan);
    const { chains } = lease.instance;
    const first: Converted[] = [];
    for await (const items of planItems(subjects.pages, { ...shapeOf(plan), repeats: 1 })) {
      for (const item of items.slice(0, MEASURED_PROMPTS * plan.chains.length)) {
        const random = (index: number) => seededRandom(`${plan.seed}/${item.id}/${index}`);
        const converted = applyChain(chains[item.chain] ?? [], item.value, random);
        first.push({ original: item.value, converted, converters: chainNames(plan, item.chain) });
        // A chain can take milliseconds: the others get their turn in between.
        await nextTurn();
      }
      break;
    }
    return first;
  }
}

function costOf({ generator }: ResolvedPlan, requests: number, first: readonly Converted[]): ExecutionPreviewDto['cost'] {
  const price = generator && priceOf(generator);
  if (!price) return null;
  const { systemPrompt, maxTokens } = generator.parameters;
  const system = typeof systemPrompt === 'string' ? systemPrompt.length : 0;
  const characters = system + first.reduce((sum, { converted }) => sum + converted.length, 0) / Math.max(1, first.length);
  const millions = requests / 1_000_000;
  return {
    input: (characters / CHARACTERS_PER_TOKEN) * price.input * millions,
    outputAtMost: typeof maxTokens === 'number' ? maxTokens * price.output * millions : null,
  };
}
