import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AlertsService } from './alerts.service.js';

const DAY_MS = 86_400_000;
/** How long alerts are kept after they were resolved. */
export const KEPT_DAYS = 90;

/** Removes old alerts: at the start and once a day. `SchedulerRegistry` ends it with the application. */
@Injectable()
export class AlertsJob implements OnApplicationBootstrap {
  readonly #log = new Logger(AlertsJob.name);

  constructor(
    private readonly alerts: AlertsService,
    private readonly schedule: SchedulerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.#remove();
    this.schedule.addInterval(
      'old-alerts',
      setInterval(() => this.#remove(), DAY_MS),
    );
  }

  #remove(): void {
    this.alerts.removeResolvedBefore(new Date(Date.now() - KEPT_DAYS * DAY_MS)).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'old alerts could not be removed');
    });
  }
}
