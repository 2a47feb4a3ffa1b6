import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { seededRandom } from '#core';
import { applyChain } from '#converters';
import { planItems } from '#execution';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import type { CreateExecutionDto } from './create-execution.dto.js';
import type { ExecutionPreviewDto } from './execution.dto.js';
import { labelsOf } from './execution-labels.js';
import { ExecutionPrompts } from './execution-prompts.service.js';
import { checkPrices, priceOf } from './execution-spending.js';
import { OrchestratorCompiler } from './orchestrator-compiler.service.js';
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
    private readonly prompts: ExecutionPrompts,
    private readonly compiler: OrchestratorCompiler,
  ) {}

  /** @throws NotFound, InvalidInput */
  async preview(orchestratorId: string, request: CreateExecutionDto): Promise<ExecutionPreviewDto> {
    labelsOf(request.labels);
    const plan = await this.db.read((memory) => this.resolver.resolve(memory, orchestratorId, request));
    checkPrices(request, plan);
    const prompts = await this.prompts.of(plan, request);
    const planned = sizeOf(prompts.count, plan);
    const judges = plan.scorers.filter((scorer) => scorer.judge).length;
    const first = await this.#convertFirst(plan, prompts.pages);
    return {
      planned,
      prompts: prompts.count,
      chains: plan.chains.length,
      repeats: plan.repeats,
      requests: { target: planned, judge: planned * judges },
      cost: costOf(plan, planned, first),
      samples: first.slice(0, plan.chains.length),
    };
  }

  /** What the first prompts become in each chain. */
  async #convertFirst(plan: ResolvedPlan, pages: AsyncIterable<string[]>): Promise<Converted[]> {
    await using compiled = await this.compiler.compile(plan);
    const first: Converted[] = [];
    for await (const items of planItems(pages, { ...shapeOf(plan), repeats: 1 })) {
      for (const item of items.slice(0, MEASURED_PROMPTS * plan.chains.length)) {
        const random = (index: number) => seededRandom(`${plan.seed}/${item.id}/${index}`);
        const converted = applyChain(compiled.chains[item.chain] ?? [], item.value, random);
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
  const price = priceOf(generator);
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
