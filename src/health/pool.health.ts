import { Injectable } from '@nestjs/common';
import { OrchestratorPool } from '../orchestrator-pool/orchestrator-pool.service.js';
import type { Part } from './health-report.js';
import { Verdict } from './verdict.js';

/** How compiled orchestrators are kept. The pool is a cache: when it is full of what is in use, everything works, and is compiled each time. */
@Injectable()
export class PoolHealth {
  constructor(private readonly pool: OrchestratorPool) {}

  /** @param userId whose instances are told of; everybody's when left out. */
  of(userId?: string): Part {
    const verdict = new Verdict();
    const { inUse, maxInstances } = this.pool.stats();
    if (maxInstances > 0 && inUse >= maxInstances) {
      verdict.warn(`all ${maxInstances} compiled orchestrators that may be kept are in use: raise ORCHESTRATOR_POOL_SIZE`);
    }
    return { name: 'orchestrator-pool', verdict, details: { ...this.pool.stats(userId) } };
  }
}
