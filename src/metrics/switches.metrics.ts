import { Injectable } from '@nestjs/common';
import { RescuesService } from '../db-connection/rescues.service.js';
import { SWITCH_KINDS, Switches } from '../db-connection/switches.service.js';
import type { MetricSource } from './metric-source.js';
import { byLabel, counter, gauge } from './told-metric.js';

/** What could make somebody see a memory that is not theirs, and what was brought to safety. */
@Injectable()
export class SwitchesMetrics implements MetricSource {
  readonly metrics;

  constructor(switches: Switches, rescues: RescuesService) {
    this.metrics = [
      gauge('violentutf_memory_switches', 'Switches of memories whose cause is not gone, by kind.', () => {
        const current = switches.current();
        return byLabel(
          'kind',
          SWITCH_KINDS.map((kind) => [kind, current.filter((found) => found.kind === kind).length]),
        );
      }),
      counter('violentutf_memory_switches_total', 'Switches of memories that were seen, by kind.', () =>
        byLabel('kind', switches.counts()),
      ),
      gauge('violentutf_rescues', 'Memories that were brought to the quarantine, by state.', async () =>
        byLabel('state', await rescues.countByState()),
      ),
    ];
  }
}
