import { Injectable } from '@nestjs/common';
import { HealthService } from '../health/health.service.js';
import { HEALTH_STATES } from '../health/verdict.js';
import type { MetricSource } from './metric-source.js';
import { gauge, labelled } from './told-metric.js';

/** How the parts of the server are: what `/health` says, but for what would take a look into memories. */
@Injectable()
export class HealthMetrics implements MetricSource {
  readonly metrics;

  constructor(health: HealthService) {
    this.metrics = [
      gauge('violentutf_health_status', 'How a part of the server is: 0 healthy, 1 warning, 2 unhealthy.', async () =>
        (await health.atHand()).map(({ name, verdict }) => ({
          value: HEALTH_STATES.indexOf(verdict.state),
          labels: { component: labelled(name) },
        })),
      ),
      gauge('violentutf_disk_free_bytes', 'Space that is left on the disks of the catalog and of the memories.', async () =>
        (await health.atHand()).flatMap(({ name, details }) => {
          const value = details?.['freeBytes'];
          return typeof value === 'number' ? [{ value, labels: { component: labelled(name) } }] : [];
        }),
      ),
    ];
  }
}
