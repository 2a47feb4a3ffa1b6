import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AlertsService } from '../alerts/alerts.service.js';
import { Config } from '../config/config.js';
import { StoreFaults, type StoreFault } from '../db-connection/store-faults.service.js';
import { Switches } from '../db-connection/switches.service.js';
import { HealthService } from './health.service.js';
import { ShutdownNotice } from './shutdown-notice.service.js';

const HEALTH = 'health';
const UNAVAILABLE = 'memory-unavailable';

/**
 * Alerts operators of parts of the server that are unwell, and of memories that can't be had, as often as memories are looked after. Switches have alerts
 * of their own.
 */
@Injectable()
export class HealthAlertsJob implements OnApplicationBootstrap {
  readonly #log = new Logger(HealthAlertsJob.name);
  #looking = false;

  constructor(
    private readonly config: Config,
    private readonly health: HealthService,
    private readonly alerts: AlertsService,
    private readonly faults: StoreFaults,
    private readonly switches: Switches,
    private readonly shutdown: ShutdownNotice,
    private readonly schedule: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    const timer = setInterval(() => void this.#run(), this.config.memoryCheckMs);
    this.schedule.addInterval('health-alerts', timer);
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
    this.alerts.resolveAll(HEALTH, (fingerprint) => !current.has(fingerprint));
    for (const { kind, storeId, userId, reason } of this.#lasting()) {
      const fingerprint = `${UNAVAILABLE}:${storeId}`;
      current.add(fingerprint);
      const summary = `A memory can't be had. ${reason}`;
      this.alerts.raise({ type: UNAVAILABLE, severity: 'critical', fingerprint, storeId, userId, summary, details: { kind } });
    }
    this.alerts.resolveAll(UNAVAILABLE, (fingerprint) => !current.has(fingerprint));
  }

  /** What was so at the last look already, and is no switch: that is looked for at the same time. */
  #lasting(): readonly StoreFault[] {
    const switched = new Set(this.switches.current().map(({ storeId }) => storeId));
    const since = Date.now() - 2 * this.config.memoryCheckMs;
    return this.faults.current().filter((fault) => !switched.has(fault.storeId) && fault.since.getTime() <= since);
  }
}
