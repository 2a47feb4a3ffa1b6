import { Injectable } from '@nestjs/common';
import type { Store } from '#catalog';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { StoreFaults } from '../db-connection/store-faults.service.js';
import { StoreInspection, type StoreFacts } from '../db-connection/store-inspection.service.js';
import { Switches } from '../db-connection/switches.service.js';
import type { Part } from './health-report.js';
import { judgeStore } from './store-verdict.js';
import { HEALTH_STATES, Verdict, type HealthState } from './verdict.js';

const PAGE = 500;
/** How many of those that are unwell are named; the rest is counted. */
const MOST_NAMED = 100;

interface Unwell {
  readonly storeId: string;
  readonly userId: string;
  readonly file: string;
  readonly state: Store['state'];
  readonly health: HealthState;
  readonly reasons: readonly string[];
}

/** How all memories are, for administrators: by what their files and this process tell. None is opened for it. */
@Injectable()
export class StoresHealth {
  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
    private readonly stores: StoreInspection,
    private readonly switches: Switches,
    private readonly faults: StoreFaults,
  ) {}

  async all(): Promise<Part> {
    const verdict = new Verdict();
    const byState: Record<string, number> = {};
    const byHealth: Record<HealthState, number> = { healthy: 0, warning: 0, unhealthy: 0 };
    const unwell: Unwell[] = [];
    let [total, bytes] = [0, 0];
    for await (const facts of this.#each()) {
      const found = new Verdict();
      judgeStore(found, facts, this.config.quotas.storeBytes);
      const { storeId, userId, location: file, state } = facts.store;
      total += 1;
      bytes += (facts.fileBytes ?? 0) + (facts.walBytes ?? 0);
      byState[state] = (byState[state] ?? 0) + 1;
      byHealth[found.state] += 1;
      if (found.state !== 'healthy') unwell.push({ storeId, userId, file, state, health: found.state, reasons: found.reasons });
    }
    unwell.sort((a, b) => HEALTH_STATES.indexOf(b.health) - HEALTH_STATES.indexOf(a.health));
    if (byHealth.unhealthy > 0) verdict.fail(`${memories(byHealth.unhealthy)} can not be had`);
    if (byHealth.warning > 0) verdict.warn(`${memories(byHealth.warning)} may soon not be had, or are withheld`);
    // What belongs to no store that there is: a stray file, a salt that has changed.
    const strays = this.switches.current().filter(({ storeId }) => storeId === null);
    for (const { reason } of strays) verdict.fail(reason);
    this.#judgeOpen(verdict);
    const { open, inUse, maxOpen } = this.db.stats();
    const counts = { total, byState, byHealth, open, inUse, maxOpen, bytes };
    const named = unwell.slice(0, MOST_NAMED);
    return { name: 'stores', verdict, details: { ...counts, unwell: named, unwellUnnamed: unwell.length - named.length } };
  }

  /** What this process knows already: which memories were refused when they were last asked for, and which switches there are. */
  atHand(): Part {
    const verdict = new Verdict();
    const unwell = new Set([...this.faults.current(), ...this.switches.current()].map(({ storeId }) => storeId));
    if (unwell.size > 0) verdict.fail(`${memories(unwell.size)} can not be had, or can not be trusted`);
    this.#judgeOpen(verdict);
    return { name: 'stores', verdict };
  }

  #judgeOpen(verdict: Verdict): void {
    const { inUse, maxOpen } = this.db.stats();
    if (inUse >= maxOpen) verdict.warn(`all ${maxOpen} memories that may be open are in use: raise DB_MAX_OPEN`);
  }

  /** Those that are not erased, some hundred looked at together. */
  async *#each(): AsyncGenerator<StoreFacts> {
    for (let after: string | null = null; ;) {
      const page = await this.catalog.stores.list({ limit: PAGE, after });
      yield* await this.stores.lookAll(page.items.filter(({ state }) => state !== 'erased'));
      if (page.next === null) return;
      after = page.next;
    }
  }
}

const memories = (count: number): string => `${count} ${count === 1 ? 'memory' : 'memories'}`;
