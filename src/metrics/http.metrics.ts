import { Injectable } from '@nestjs/common';
import { HttpCounts } from './http-counts.service.js';
import type { MetricSource } from './metric-source.js';
import { counter, histogram } from './told-metric.js';

/** What is asked of the server, and how fast it answers. */
@Injectable()
export class HttpMetrics implements MetricSource {
  readonly metrics;

  constructor(counts: HttpCounts) {
    this.metrics = [
      counter(
        'violentutf_http_requests_total',
        'Requests that were answered or broken off, by method, route and class of the status.',
        () => [...counts.all()].map(({ count: value, labels }) => ({ value, labels })),
      ),
      histogram('violentutf_http_request_duration_seconds', 'How long requests took, streams of events excepted.', () =>
        [...counts.all()].filter(({ seconds }) => seconds.count > 0).map(({ seconds: of, labels }) => ({ of, labels })),
      ),
    ];
  }
}
