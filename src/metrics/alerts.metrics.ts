import { Injectable } from '@nestjs/common';
import { AlertsService } from '../alerts/alerts.service.js';
import type { MetricSource } from './metric-source.js';
import { byLabel, gauge } from './told-metric.js';

/** What operators were alerted of. */
@Injectable()
export class AlertsMetrics implements MetricSource {
  readonly metrics;

  constructor(alerts: AlertsService) {
    this.metrics = [
      gauge('violentutf_alerts', 'Alerts whose cause is not gone, by severity.', () => byLabel('severity', alerts.firingBySeverity())),
      gauge('violentutf_alerts_undelivered', 'Alerts whose cause is not gone, and of which the webhook could not be told.', () => [
        { value: alerts.undelivered() },
      ]),
    ];
  }
}
