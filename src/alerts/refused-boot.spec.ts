import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebhookReceiver } from '../../test/targets/webhook-receiver.js';
import { CatalogService } from '../catalog/catalog.service.js';
import type { Config } from '../config/config.js';
import { readConfig } from '../config/read-config.js';
import { alertRefusedBoot, forgetRefusedBoot } from './refused-boot.js';

const REASON = 'The salt is another one. Put it back.';

let directory: string;
let receiver: WebhookReceiver;
let config: Config;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'refused-boot-'));
  receiver = await WebhookReceiver.start();
  config = await readConfig({ DATA_DIR: directory, ...receiver.env });
});

afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

describe('The alert of a server that does not start', () => {
  it('is in the catalog, where there is one, and sent until it was taken', async () => {
    await (await CatalogService.open(config)).onApplicationShutdown();
    receiver.answer = (response) => void response.writeHead(500).end();
    await alertRefusedBoot(config, REASON);
    receiver.answer = (response) => void response.writeHead(204).end();
    for (let times = 0; times < 3; times++) await alertRefusedBoot(config, REASON);
    expect(receiver.deliveries.map(({ body }) => body.data['summary'])).toEqual([REASON, REASON]);
    expect(new Set(receiver.deliveries.map(({ id }) => id)).size).toBe(1);
    const catalog = await CatalogService.open(config);
    expect(await catalog.alerts.firing()).toMatchObject([
      { fingerprint: 'memory-switch:salt::salt', times: 4, severity: 'critical', delivery: { state: 'sent', attempts: 2 } },
    ]);
    await catalog.onApplicationShutdown();
  });

  it('is told once where the catalog can not be asked, and again after a start that succeeded', async () => {
    for (let times = 0; times < 3; times++) await alertRefusedBoot(config, REASON);
    expect(receiver.deliveries).toHaveLength(1);
    await forgetRefusedBoot(config);
    await alertRefusedBoot(config, REASON);
    expect(receiver.deliveries).toHaveLength(2);
    expect(receiver.forged).toBe(0);
  });

  it('holds up the end of the process for seconds only, whatever the receiver does', async () => {
    receiver.answer = () => undefined;
    const begun = performance.now();
    await alertRefusedBoot(config, REASON);
    expect(performance.now() - begun).toBeLessThan(6_000);
  }, 15_000);

  it('is nothing without a webhook', async () => {
    await alertRefusedBoot(await readConfig({ DATA_DIR: directory }), REASON);
    expect(receiver.deliveries).toEqual([]);
  });
});
