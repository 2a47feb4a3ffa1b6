import { Injectable } from '@nestjs/common';
import { Distribution } from '#core';
import type { Commit } from '#database';

/** What was written into the memories of this process. It is counted where it happens, many times a second, and told by whoever is asked. */
@Injectable()
export class StoreCounts {
  /** How long group commits took, in seconds. */
  readonly commitSeconds = new Distribution([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);
  /** How many appends were made durable by one commit. */
  readonly commitAppends = new Distribution([1, 2, 4, 8, 16, 32, 64, 128, 256]);
  /** How long it took to open a memory that was opened, in seconds. */
  readonly openSeconds = new Distribution([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]);

  readonly committed = ({ appends, ms }: Commit): void => {
    this.commitSeconds.add(ms / 1000);
    this.commitAppends.add(appends);
  };

  opened(ms: number): void {
    this.openSeconds.add(ms / 1000);
  }
}
