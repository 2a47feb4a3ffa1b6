import { Injectable } from '@nestjs/common';
import { DomainError, steadyClock } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { DiskSpace } from './disk-space.js';
import type { Finding, ReadinessCheck } from './readiness-check.js';
import { Verdict } from './verdict.js';

/** A write that goes the way of every other: the answer to this request, in place of the one before. */
const PROBE = { userId: 'system', method: 'GET', path: '/health/ready', key: 'probe' };
const ANSWER = { bodyHash: '', status: 200, location: null, body: null };
/** What could be written a moment ago can be written. Probes of several balancers are not to fill the log. */
const PROBE_EVERY_MS = 10_000;

/** Whether the catalog answers, has the schema of this release, and can be written. */
@Injectable()
export class CatalogCheck implements ReadinessCheck {
  readonly name = 'catalog';
  #writtenAt = -Infinity;

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly disk: DiskSpace,
  ) {}

  async check(): Promise<Finding> {
    const verdict = new Verdict();
    const { dataDir, health } = this.config;
    const freeBytes = await this.disk.freeBytes(dataDir);
    this.disk.judge(verdict, freeBytes, 'the catalog');
    try {
      const pending = await this.catalog.pendingMigrations();
      if (pending.length > 0) verdict.fail(`the catalog lacks ${pending.join(', ')}: restart the server, which brings it forward`);
      // A write that meets a full disk can cost the engine its handle: what is certain already is not tried.
      if (freeBytes === null || freeBytes >= health.diskLeastBytes) await this.#write();
    } catch (error) {
      this.#writtenAt = -Infinity;
      verdict.fail(error instanceof DomainError ? error.message : 'the catalog can not be read or written; the log says why');
    }
    return { verdict, details: { freeBytes } };
  }

  async #write(): Promise<void> {
    if (steadyClock.now() - this.#writtenAt < PROBE_EVERY_MS) return;
    await this.catalog.idempotencyKeys.keep(PROBE, ANSWER);
    this.#writtenAt = steadyClock.now();
  }
}
