import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Switches } from '../db-connection/switches.service.js';
import { AlertsService } from './alerts.service.js';
import { SWITCH_ALERT, switchAlert, switchFingerprint } from './switch-alert.js';

/** Alerts operators of every switch, once, until it is over. */
@Injectable()
export class SwitchAlerts implements OnModuleDestroy {
  readonly #end: () => void;

  constructor(
    private readonly switches: Switches,
    private readonly alerts: AlertsService,
  ) {
    this.#end = switches.subscribe({
      began: (found) => alerts.raise(switchAlert(found)),
      ended: (found) => alerts.resolve(switchFingerprint(found)),
    });
  }

  onModuleDestroy(): void {
    this.#end();
  }

  /** Resolves the alerts of an earlier process whose switches are not found any more. To be called when everything was looked at once. */
  resolveForgotten(): void {
    this.alerts.resolveAll(SWITCH_ALERT, (fingerprint) => {
      const current = new Set(this.switches.current().map(switchFingerprint));
      return !current.has(fingerprint);
    });
  }
}
