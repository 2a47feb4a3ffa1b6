import { Injectable } from '@nestjs/common';
import { ATTEMPT_OUTCOMES } from '#execution';
import { ACTIVITIES, ExecutionActivity } from '../executions/execution-activity.service.js';
import { ExecutionCounts, type ExecutionEnd } from '../executions/execution-counts.service.js';
import type { MetricSource } from './metric-source.js';
import { byLabel, counter, gauge, labelled, type Sample } from './told-metric.js';

const ENDS: readonly ExecutionEnd[] = ['completed', 'cancelled', 'failed', 'paused', 'interrupted'];
const PURPOSES = ['target', 'attacker', 'judge', 'converter'] as const;

/** What executions do, and what becomes of their prompts. */
@Injectable()
export class ExecutionsMetrics implements MetricSource {
  readonly metrics;

  constructor(activity: ExecutionActivity, counts: ExecutionCounts) {
    this.metrics = [
      gauge('violentutf_executions', 'Executions in this process, by what they are doing.', () => {
        const active = activity.active();
        return byLabel(
          'state',
          ACTIVITIES.map((each) => [each, active.filter((execution) => execution.activity === each).length]),
        );
      }),
      gauge('violentutf_execution_idle_seconds', 'The longest time for which a running execution has made no progress.', () => {
        const running = activity.active().filter((execution) => execution.activity === 'running');
        return [{ value: Math.max(0, ...running.map(({ idleMs }) => idleMs)) / 1000 }];
      }),
      counter('violentutf_executions_started_total', 'Executions that were started or taken up again.', () => [{ value: counts.started }]),
      counter('violentutf_executions_ended_total', 'Executions that stopped running, by the state that they are left in.', () =>
        byLabel(
          'state',
          ENDS.map((end) => [end, counts.ended.get(end) ?? 0]),
        ),
      ),
      counter('violentutf_items_total', 'Planned prompts that came to an end, by outcome.', () => byLabel('outcome', counts.items)),
      counter('violentutf_attempts_total', 'Calls to models that ended, by purpose and outcome.', () => attemptsOf(counts)),
    ];
  }
}

function* attemptsOf({ attempts }: ExecutionCounts): Generator<Sample> {
  for (const purpose of PURPOSES) {
    for (const outcome of ATTEMPT_OUTCOMES) {
      yield { value: attempts.get(purpose)?.get(outcome) ?? 0, labels: { purpose, outcome: labelled(outcome) } };
    }
  }
}
