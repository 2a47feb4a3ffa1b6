import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { OrchestratorPool } from './orchestrator-pool.service.js';

/** How often is looked for compiled orchestrators that nobody has used for too long. */
export const EXPIRY_INTERVAL_MS = 60_000;

/** Drops compiled orchestrators that nobody has used for too long. Without it they would only go when others come. */
@Injectable()
export class ExpiryJob {
  readonly #log = new Logger(ExpiryJob.name);

  constructor(private readonly pool: OrchestratorPool) {}

  @Interval('orchestrator-pool-expiry', EXPIRY_INTERVAL_MS)
  async run(): Promise<void> {
    const expired = await this.pool.clearExpired();
    if (expired === 0) return;
    const { totalInstances } = this.pool.stats();
    this.#log.log({ expired, totalInstances }, 'expired compiled orchestrators were dropped');
  }
}
