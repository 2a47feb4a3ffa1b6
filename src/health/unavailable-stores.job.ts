import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { StoreFaults, type FaultKind } from '../db-connection/store-faults.service.js';

/** What may be over without anybody having touched the file. A file that somebody is just putting back is not to be opened half-way. */
const MAY_PASS: ReadonlySet<FaultKind> = new Set(['held', 'full', 'read-only', 'other']);
/** How many are tried at a look, the oldest first: each may be waited for. */
const MOST = 10;

/** Tries again, as often as memories are looked after, what could not be had: or it would count as unavailable until its person comes back. */
@Injectable()
export class UnavailableStoresJob implements OnApplicationBootstrap {
  #running = false;

  constructor(
    private readonly config: Config,
    private readonly db: DbConnectionService,
    private readonly faults: StoreFaults,
    private readonly schedule: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    const timer = setInterval(() => void this.#run(), this.config.memoryCheckMs);
    this.schedule.addInterval('unavailable-stores', timer);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const passing = this.faults.current().filter(({ kind }) => MAY_PASS.has(kind));
    const oldest = passing.toSorted((a, b) => a.since.getTime() - b.since.getTime()).slice(0, MOST);
    // Whether it could be had is noted where it is opened.
    await Promise.allSettled(oldest.map(({ userId }) => this.db.lendOf(userId, async () => undefined)));
    this.#running = false;
  }
}
