import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { ACTIVITIES, ExecutionActivity, type ActiveExecution } from '../executions/execution-activity.service.js';
import type { Part } from './health-report.js';
import { inTime, LATE } from './patience.js';
import { Verdict } from './verdict.js';

/** How many executions are named; all are counted. */
const MOST_NAMED = 100;

/** How executions that run are getting on. */
@Injectable()
export class ExecutionsHealth {
  constructor(
    private readonly config: Config,
    private readonly activity: ExecutionActivity,
    private readonly catalog: CatalogService,
    private readonly db: DbConnectionService,
  ) {}

  /** Everybody's, for administrators. What is paused is known to the memories alone, and none is opened for it. */
  all(): Part {
    return this.#part(this.activity.active(), null);
  }

  async of(userId: string): Promise<Part> {
    return this.#part(this.activity.active(userId), await this.#paused(userId));
  }

  #part(active: readonly ActiveExecution[], paused: number | null): Part {
    const { stalledMs, breakerWarningMs } = this.config.health;
    const verdict = new Verdict();
    const executions = active.map((execution) => {
      const stalled = execution.activity === 'running' && execution.idleMs > stalledMs;
      judge(verdict, execution, stalled, breakerWarningMs);
      return { ...execution, idleMs: Math.round(execution.idleMs), downForMs: Math.round(execution.downForMs), stalled };
    });
    const counts = Object.fromEntries(ACTIVITIES.map((each) => [each, active.filter(({ activity }) => activity === each).length]));
    const thresholds = { stalledMs, breakerWarningMs };
    return { name: 'executions', verdict, details: { ...counts, paused, active: executions.slice(0, MOST_NAMED), thresholds } };
  }

  /** Null where it can't be told at the moment: that the memory can't be had is said elsewhere. */
  async #paused(userId: string): Promise<number | null> {
    const store = await this.catalog.stores.find(userId);
    if (store?.state !== 'active') return 0;
    const counts = await inTime(
      this.db.lendOf(userId, (memory) => memory.read(({ executions }) => executions.countByState())).catch(() => null),
    );
    return counts === LATE || counts === null ? null : (counts.paused ?? 0);
  }
}

function judge(verdict: Verdict, { executionId, activity, idleMs, downForMs }: ActiveExecution, stalled: boolean, warningMs: number): void {
  const execution = `the execution ${executionId}`;
  if (stalled) {
    verdict.fail(
      `${execution} has made no progress for ${seconds(idleMs)}, though its endpoint is there: look at its endpoint, or pause it`,
    );
  }
  if (activity === 'waiting-for-memory') verdict.warn(`${execution} waits for its memory, which can not be had`);
  if (downForMs > warningMs) verdict.warn(`${execution} has waited for an endpoint that is down for ${seconds(downForMs)}`);
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
