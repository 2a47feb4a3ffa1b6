import { Inject, Injectable, Logger } from '@nestjs/common';
import { DatabaseHealth } from './database.health.js';
import { ExecutionsHealth } from './executions.health.js';
import type { Part } from './health-report.js';
import { PoolHealth } from './pool.health.js';
import { READINESS_CHECKS, type ReadinessCheck } from './readiness-check.js';
import { StoresHealth } from './stores.health.js';

/** Whose health is asked for. */
export interface Asker {
  readonly userId: string;
  /** Sees everybody's. */
  readonly admin: boolean;
}

/** How the parts of the server are. Persons are told of their own things only. */
@Injectable()
export class HealthService {
  readonly #log = new Logger(HealthService.name);
  #asking: Promise<readonly Part[]> | null = null;
  #wasReady = true;

  constructor(
    @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[],
    private readonly ownDatabase: DatabaseHealth,
    private readonly stores: StoresHealth,
    private readonly pool: PoolHealth,
    private readonly executions: ExecutionsHealth,
  ) {}

  /** What it takes to serve anybody. */
  ready(): Promise<readonly Part[]> {
    // Anybody may ask, as often as they like: whoever asks at the same time shares one look.
    this.#asking ??= this.#lookAtAll().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #lookAtAll(): Promise<readonly Part[]> {
    const parts = await Promise.all(this.checks.map(async (each) => ({ name: each.name, ...(await each.check()) })));
    this.#tell(parts);
    return parts;
  }

  async database({ userId, admin }: Asker): Promise<Part[]> {
    return Promise.all([this.ownDatabase.of(userId), ...(admin ? [this.stores.all()] : [])]);
  }

  async orchestrators({ userId, admin }: Asker): Promise<Part[]> {
    return [this.pool.of(admin ? undefined : userId), admin ? this.executions.all() : await this.executions.of(userId)];
  }

  async all(asker: Asker): Promise<Part[]> {
    const parts = await Promise.all([this.ready(), this.database(asker), this.orchestrators(asker)]);
    return parts.flat();
  }

  /** Once when the server stops being ready, and once when it is again. */
  #tell(parts: readonly Part[]): void {
    const reasons = parts.filter(({ verdict }) => verdict.state === 'unhealthy').flatMap(({ verdict }) => verdict.reasons);
    const ready = reasons.length === 0;
    if (ready === this.#wasReady) return;
    this.#wasReady = ready;
    if (ready) this.#log.log('the server is ready again');
    else this.#log.warn({ reasons }, 'the server is not ready');
  }

  /** What somebody has to be woken for: all that keeps people from being served, or soon will, and executions that stand still. */
  async alarming(): Promise<Part[]> {
    const executions = this.executions.all();
    return [
      ...(await this.ready()).filter(({ verdict }) => verdict.state !== 'healthy'),
      ...(executions.verdict.state === 'unhealthy' ? [executions] : []),
    ];
  }

  /** What is at hand of all parts, without a look at any memory or file of one: for whoever asks every few seconds. */
  async atHand(): Promise<Part[]> {
    return [...(await this.ready()), this.stores.atHand(), this.pool.of(), this.executions.all()];
  }
}
