import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';

/** Between the signal and the end: the server says that it is not ready, and goes on for everybody who has not heard of it yet. */
@Injectable()
export class ShutdownNotice {
  #given = false;

  constructor(private readonly config: Config) {}

  /** Whether the server is about to end. */
  get given(): boolean {
    return this.#given;
  }

  /** Resolves when everybody has had the time to hear of it. */
  async give(): Promise<void> {
    this.#given = true;
    await sleep(this.config.shutdownNoticeMs);
  }
}
