import { access, constants, statfs } from 'node:fs/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { OrchestratorPool } from '../orchestrator-pool/orchestrator-pool.service.js';

/** Below this, a campaign could fill the disk before anybody looks. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;

/** Whether this process can serve people. */
@Injectable()
export class HealthService implements OnModuleDestroy {
  #stopping = false;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly pool: OrchestratorPool,
  ) {}

  /** From here on the server says that it is not ready, while it still answers what it has begun. */
  onModuleDestroy(): void {
    this.#stopping = true;
  }

  async process(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('process');
    return this.#stopping ? check.down({ reason: 'shutting down' }) : check.up();
  }

  async catalogAnswers(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('catalog');
    try {
      await this.catalog.stores.list({ limit: 1, after: null });
      return check.up();
    } catch (error) {
      return check.down({ reason: error instanceof Error ? error.message : 'it does not answer' });
    }
  }

  /**
   * The pool of compiled orchestrators. It is a cache: full or empty, it is no reason to be unwell.
   * @param userId whose; everybody's when left out.
   */
  async orchestratorPool(userId?: string): Promise<HealthIndicatorResult> {
    return this.indicators.check('orchestrator-pool').up({ ...this.pool.stats(userId) });
  }

  async memoryDirectory(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('memory-directory');
    try {
      await access(this.config.memoryDir, constants.R_OK | constants.W_OK | constants.X_OK);
      const { bavail, bsize } = await statfs(this.config.memoryDir);
      const freeBytes = bavail * bsize;
      return freeBytes < LEAST_FREE_BYTES ? check.down({ reason: 'the disk is almost full', freeBytes }) : check.up({ freeBytes });
    } catch {
      return check.down({ reason: 'the memory directory can not be written' });
    }
  }
}
