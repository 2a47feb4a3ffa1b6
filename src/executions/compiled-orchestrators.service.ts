import { Injectable } from '@nestjs/common';
import type { CompiledOrchestrator } from '#execution';
import type { Lease } from '#pool';
import { GeneratorsService } from '../generators/generators.service.js';
import { OrchestratorPool } from '../orchestrator-pool/orchestrator-pool.service.js';
import { OrchestratorCompiler } from './orchestrator-compiler.service.js';
import { compiledHash } from './plan-hash.js';
import type { ResolvedPlan } from './resolved-plan.js';

/** Compiled orchestrators of plans: out of the pool, or compiled for it. */
@Injectable()
export class CompiledOrchestrators {
  constructor(
    private readonly pool: OrchestratorPool,
    private readonly compiler: OrchestratorCompiler,
    private readonly generators: GeneratorsService,
  ) {}

  /** @throws InvalidInput when something in the plan can't be made any more: a secret that is not there, or does not open. */
  async acquire(userId: string, plan: ResolvedPlan): Promise<Lease<CompiledOrchestrator>> {
    const hash = await compiledHash(plan, (generator) => this.generators.fingerprints(generator));
    return this.pool.acquire(userId, plan.orchestrator.id, hash, () => this.compiler.compile(plan));
  }
}
