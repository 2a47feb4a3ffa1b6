import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { OutboundFetch } from '#core';
import { createOutbound, type Outbound } from '#outbound';
import { Config } from '../config/config.js';

/** The one door to the outside: every client is handed this `fetch`. */
@Injectable()
export class OutboundService implements OnApplicationShutdown {
  readonly #outbound: Outbound;

  constructor({ generators, outbound }: Config) {
    this.#outbound = createOutbound({
      allowPrivate: [...generators.allowPrivate],
      maxResponseBytes: outbound.maxResponseBytes,
      ...(outbound.proxy === null ? {} : { httpsProxy: outbound.proxy, noProxy: [...outbound.noProxy] }),
    });
  }

  get fetch(): OutboundFetch {
    return this.#outbound.fetch;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#outbound.close();
  }
}
