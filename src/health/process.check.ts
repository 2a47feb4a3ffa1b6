import { Injectable } from '@nestjs/common';
import type { Finding, ReadinessCheck } from './readiness-check.js';
import { ShutdownNotice } from './shutdown-notice.service.js';
import { Verdict } from './verdict.js';

/** Whether the process goes on. */
@Injectable()
export class ProcessCheck implements ReadinessCheck {
  readonly name = 'process';

  constructor(private readonly notice: ShutdownNotice) {}

  async check(): Promise<Finding> {
    const verdict = new Verdict();
    if (this.notice.given) verdict.fail('shutting down');
    return { verdict };
  }
}
