import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { steadyClock } from '#core';
import { LeasePool, type Lease, type PoolEvent, type PoolStats } from '#pool';
import { Config } from '../config/config.js';

/** The compiled orchestrators of everybody. What they are is known to the one who compiles them, not here. */
@Injectable()
export class OrchestratorPool implements OnApplicationShutdown {
  readonly #log = new Logger(OrchestratorPool.name);
  readonly #pool: LeasePool<AsyncDisposable>;

  constructor({ orchestratorPoolSize, orchestratorTtlMs }: Config) {
    const onEvent = (event: PoolEvent): void => this.#tell(event);
    this.#pool = new LeasePool({ size: orchestratorPoolSize, ttlMs: orchestratorTtlMs, clock: steadyClock, onEvent });
  }

  /**
   * Lends a user's orchestrator, compiled, for as long as the lease is held.
   * @param hash of all that `compile` looks at. @param compile is only called when there is no instance for that hash.
   * @throws whatever `compile` throws; Unavailable during a shutdown.
   */
  async acquire<T extends AsyncDisposable>(
    userId: string,
    orchestratorId: string,
    hash: string,
    compile: () => Promise<T>,
  ): Promise<Lease<T>> {
    // Whatever has this hash was compiled from the same by the same caller, so it is of the same type.
    return (await this.#pool.acquire({ owner: userId, name: orchestratorId, hash }, compile)) as Lease<T>;
  }

  /** @param userId for that user's own instances; everybody's when left out. */
  stats(userId?: string): PoolStats {
    return this.#pool.stats(userId);
  }

  /**
   * Ends a user's instances, all or those of one orchestrator: they are not lent again, and those in use go when they are given back.
   * @returns how many there were.
   */
  end(userId: string, orchestratorId?: string): Promise<number> {
    return this.#pool.end(userId, orchestratorId);
  }

  /** Drops what nobody has used for longer than the configured time. @returns how many there were. */
  clearExpired(): Promise<number> {
    return this.#pool.clearExpired();
  }

  /** By now executions have come to their end, or were left to their journal, and no request is answered any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.#pool.close();
  }

  #tell({ kind, owner: userId, name: orchestratorId, instanceId, error }: PoolEvent): void {
    const ids = { userId, orchestratorId, instanceId };
    if (kind === 'disposal-failed') this.#log.error({ ...ids, err: error }, 'a compiled orchestrator could not be disposed');
    else if (kind === 'reused') this.#log.debug(ids, 'compiled orchestrator reused');
    else this.#log.log(ids, `compiled orchestrator ${kind}`);
  }
}
