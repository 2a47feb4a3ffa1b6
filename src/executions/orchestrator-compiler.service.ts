import { Injectable } from '@nestjs/common';
import type { Generator } from '#core';
import type { CompiledOrchestrator, CompiledScorer } from '#execution';
import { ConvertersService } from '../converters/converters.service.js';
import { GeneratorsService } from '../generators/generators.service.js';
import type { OrchestratorParameters } from '../orchestrators/orchestrator-types.js';
import { OrchestratorsService } from '../orchestrators/orchestrators.service.js';
import { ScorersService } from '../scorers/scorers.service.js';
import type { FrozenGenerator, FrozenScorer, ResolvedPlan } from './resolved-plan.js';

/** Makes clients, converters and scorers of a plan. What it makes is disposed by whoever asked for it. */
@Injectable()
export class OrchestratorCompiler {
  constructor(
    private readonly generators: GeneratorsService,
    private readonly converters: ConvertersService,
    private readonly scorers: ScorersService,
    private readonly orchestrators: OrchestratorsService,
  ) {}

  /** @throws InvalidInput when something in the plan can't be made any more: a secret that does not open. */
  async compile(plan: ResolvedPlan): Promise<CompiledOrchestrator & AsyncDisposable> {
    const clients = new Map<string, Generator>();
    const connect = async (source: FrozenGenerator): Promise<Generator> => {
      const client = clients.get(source.id) ?? (await this.generators.connect(source));
      clients.set(source.id, client);
      return client;
    };
    const dispose = async (): Promise<void> => {
      await Promise.all([...clients.values()].map((client) => client[Symbol.asyncDispose]()));
    };
    try {
      const scorer = async ({ id, name, type, version, parameters, judge }: FrozenScorer): Promise<CompiledScorer> => {
        return { id, name, type, version, score: this.scorers.compile(type, parameters), judge: judge && (await connect(judge)) };
      };
      const scorers: CompiledScorer[] = [];
      for (const frozen of plan.scorers) scorers.push(await scorer(frozen));
      const judges = new Map<string, CompiledScorer>();
      for (const [role, frozen] of Object.entries(plan.judges)) judges.set(role, await scorer(frozen));
      const { type, parameters } = plan.orchestrator;
      return {
        strategy: this.orchestrators.strategy(type).create((parameters as unknown as OrchestratorParameters).strategy),
        target: plan.generator && (await connect(plan.generator)),
        attacker: plan.attacker && (await connect(plan.attacker)),
        judges,
        chains: plan.chains.map((chain) => chain.map(({ type, parameters }) => this.converters.compile(type, parameters))),
        scorers,
        [Symbol.asyncDispose]: dispose,
      };
    } catch (error) {
      await dispose();
      throw error;
    }
  }
}
