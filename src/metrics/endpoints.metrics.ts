import { Injectable } from '@nestjs/common';
import { ExecutionActivity, type EndpointActivity } from '../executions/execution-activity.service.js';
import type { MetricSource } from './metric-source.js';
import { gauge, labelled } from './told-metric.js';

/** How endpoints are used, all of one type of generator together: an address could hold a secret. */
@Injectable()
export class EndpointsMetrics implements MetricSource {
  readonly metrics;

  constructor(activity: ExecutionActivity) {
    const each = (name: string, help: string, value: (endpoints: EndpointActivity) => number) =>
      gauge(name, help, () => activity.endpoints().map((all) => ({ value: value(all), labels: { generator_type: all.type } })));
    this.metrics = [
      gauge('violentutf_endpoints', 'Endpoints that are known, by type of generator and state of their breaker.', () =>
        activity
          .endpoints()
          .flatMap(({ type, breakers }) =>
            Object.entries(breakers).map(([state, value]) => ({ value, labels: { generator_type: type, breaker: labelled(state) } })),
          ),
      ),
      each('violentutf_endpoint_window_requests', 'How many requests may be on the wire at present.', ({ window }) => window),
      each('violentutf_endpoint_in_flight_requests', 'How many requests are on the wire.', ({ inFlight }) => inFlight),
      each('violentutf_endpoint_waiting_requests', 'How many requests wait for their turn.', ({ waiting }) => waiting),
    ];
  }
}
