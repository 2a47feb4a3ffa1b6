import { Injectable } from '@nestjs/common';
import type { Generator } from '#core';
import type { CompiledOrchestrator, CompiledScorer } from '#execution';
import { ConvertersService } from '../converters/converters.service.js';
import { GeneratorsService } from '../generators/generators.service.js';
import type { OrchestratorParameters } from '../orchestrators/orchestrator-types.js';
import { OrchestratorsService } from '../orchestrators/orchestrators.service.js';
import { ScorersService } from '../scorers/scorers.service.js';
import type { FrozenGenerator, ResolvedPlan } from './resolved-plan.js';

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
      const scorers: CompiledScorer[] = [];
      for (const { id, name, type, version, parameters, judge } of plan.scorers) {
        scorers.push({ id, name, type, version, score: this.scorers.compile(type, parameters), judge: judge && (await connect(judge)) });
      }
      const { strategy } = plan.orchestrator.parameters as unknown as OrchestratorParameters;
      return {
        strategy: this.orchestrators.compile(plan.orchestrator.type, strategy),
        target: await connect(plan.generator),
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
