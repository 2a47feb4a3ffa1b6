import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Alert } from '#catalog';
import { AlertsService } from '../alerts/alerts.service.js';
import { Config } from '../config/config.js';
import { DbConnectionService } from '../db-connection/db-connection.service.js';
import { StoreFaults, type StoreFault } from '../db-connection/store-faults.service.js';
import { Switches } from '../db-connection/switches.service.js';
import { Absences } from './absences.js';
import { HealthService } from './health.service.js';
import { ShutdownNotice } from './shutdown-notice.service.js';

const HEALTH = 'health';
const UNAVAILABLE = 'memory-unavailable';
/** At how many looks in a row a part must be well for its alert to be over. */
const LOOKS_WITHOUT = 4;

/**
 * Alerts operators of parts of the server that are unwell, and of memories that can't be had, as often as memories are looked after. Switches have alerts
 * of their own.
 */
@Injectable()
export class HealthAlertsJob implements OnApplicationBootstrap {
  readonly #log = new Logger(HealthAlertsJob.name);
  #looking = false;
  /** A disk that is about as full as it may be must not send a message at every look. */
  readonly #absences = new Absences(LOOKS_WITHOUT);
  /** The stores that an earlier process was alerted of, and that nobody has asked for since. */
  readonly #untried = new Set<string>();

  constructor(
    private readonly config: Config,
    private readonly health: HealthService,
    private readonly alerts: AlertsService,
    private readonly db: DbConnectionService,
    private readonly faults: StoreFaults,
    private readonly switches: Switches,
    private readonly shutdown: ShutdownNotice,
    private readonly schedule: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    const timer = setInterval(() => void this.#run(), this.config.memoryCheckMs);
    this.schedule.addInterval('health-alerts', timer);
    const earlier = this.alerts.firing(UNAVAILABLE);
    for (const { storeId } of earlier) if (storeId !== null) this.#untried.add(storeId);
    void this.#tryAgain(earlier);
  }

  /** That nothing is known of a memory is no proof that it can be had. Whether it could be is noted where it is opened. */
  async #tryAgain(earlier: readonly Alert[]): Promise<void> {
    for (const { storeId, userId } of earlier) {
      if (this.shutdown.given) return;
      if (userId !== null) await this.db.lendOf(userId, async () => undefined).catch(() => undefined);
      if (storeId !== null) this.#untried.delete(storeId);
    }
  }

  async #run(): Promise<void> {
    // That the server ends is no reason to wake anybody.
    if (this.#looking || this.shutdown.given) return;
    this.#looking = true;
    try {
      await this.#look();
    } catch (error) {
      this.#log.error({ err: error }, 'how the server is could not be told');
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    const current = new Set<string>();
    for (const { name, verdict } of await this.health.alarming()) {
      const fingerprint = `${HEALTH}:${name}:${verdict.state}`;
      current.add(fingerprint);
      const severity = verdict.state === 'unhealthy' ? 'critical' : 'warning';
      const summary = `${name} is ${verdict.state}: ${verdict.reasons.join('; ')}.`;
      this.alerts.raise({ type: HEALTH, severity, fingerprint, summary, details: { component: name } });
    }
    this.alerts.resolveAll(HEALTH, (fingerprint) => this.#absences.isOver(fingerprint, current.has(fingerprint)));
    for (const { kind, storeId, userId, reason } of this.#lasting()) {
      const fingerprint = `${UNAVAILABLE}:${storeId}`;
      const summary = `A memory can't be had. ${reason}`;
      this.alerts.raise({ type: UNAVAILABLE, severity: 'critical', fingerprint, storeId, userId, summary, details: { kind } });
    }
    // It may have another reason by now, or not have been asked for yet.
    const unavailable = new Set([...this.#untried, ...this.#faults().map(({ storeId }) => storeId)]);
    this.alerts.resolveAll(UNAVAILABLE, (fingerprint) => !unavailable.has(fingerprint.slice(UNAVAILABLE.length + 1)));
  }

  /** What was so at the last look already. */
  #lasting(): readonly StoreFault[] {
    const since = Date.now() - 2 * this.config.memoryCheckMs;
    return this.#faults().filter((fault) => fault.since.getTime() <= since);
  }

  /** Those that are no switches, which have alerts of their own. */
  #faults(): readonly StoreFault[] {
    const switched = new Set(this.switches.current().map(({ storeId }) => storeId));
    return this.faults.current().filter(({ storeId }) => !switched.has(storeId));
  }
}
