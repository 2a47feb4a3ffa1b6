import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { WebhookReceiver } from '../../test/targets/webhook-receiver.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { ConfigModule } from '../config/config.module.js';
import { readConfig } from '../config/read-config.js';
import { Switches } from '../db-connection/switches.service.js';
import { AlertsModule } from './alerts.module.js';
import { AlertsService, type AlertDraft } from './alerts.service.js';
import { SwitchAlerts } from './switch-alerts.service.js';

const DISK: AlertDraft = {
  type: 'disk-space',
  severity: 'warning',
  fingerprint: 'disk',
  summary: 'The disk is nearly full. Free some space.',
};

let directory: string;
let receiver: WebhookReceiver;
let module: TestingModule;
let alerts: AlertsService;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'alerts-service-'));
  receiver = await WebhookReceiver.start();
  await start();
});

afterEach(async () => {
  await module.close();
  await receiver[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function start(env: Readonly<Record<string, string>> = receiver.env): Promise<void> {
  const config = await readConfig({ DATA_DIR: directory, ...env });
  const imports = [ConfigModule.forRoot(config), ScheduleModule.forRoot(), AlertsModule];
  module = await Test.createTestingModule({ imports }).compile();
  module.useLogger(false);
  alerts = module.get(AlertsService);
  await module.init();
}

async function all() {
  return (await alerts.list({ limit: 100, after: null }, {})).items;
}

/** Waits until the catalog is as wanted. */
async function until(wanted: (found: Awaited<ReturnType<typeof all>>) => boolean) {
  for (const deadline = Date.now() + 10_000; ;) {
    const found = await all();
    if (wanted(found)) return found;
    if (Date.now() > deadline) throw new Error(`It is ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('Alerts', () => {
  it('are told once while they fire, over restarts, and once when they are over', async () => {
    for (let times = 0; times < 100; times++) alerts.raise(DISK);
    await until(([one]) => one?.delivery.state === 'sent');
    await module.close();
    await start();
    for (let times = 0; times < 100; times++) alerts.raise(DISK);
    alerts.resolve('disk');
    alerts.resolve('something else');
    const [one, ...others] = await until(([one]) => one?.state === 'resolved' && one.delivery.state === 'sent');
    expect([others, one?.times]).toEqual([[], 200]);
    expect(receiver.deliveries.map(({ body }) => body.type)).toEqual(['alert.firing', 'alert.resolved']);
    alerts.raise(DISK);
    await until((found) => found.length === 2);
  });

  it('that were not told before the server was stopped are told after its next start', async () => {
    receiver.answer = (response) => void response.writeHead(500).end();
    alerts.raise(DISK);
    await until(([one]) => one?.delivery.attempts === 1);
    await module.close();
    receiver.answer = (response) => void response.writeHead(204).end();
    await start();
    const [one] = await until(([one]) => one?.delivery.state === 'sent');
    expect(one?.delivery.attempts).toBe(2);
    expect(new Set(receiver.deliveries.map(({ id }) => id)).size).toBe(1);
  });

  it('are kept where there is no webhook, and not told when there is one later', async () => {
    await module.close();
    await start({});
    alerts.raise(DISK);
    await until(([one]) => one?.delivery.state === 'none');
    await expect(alerts.test()).rejects.toThrow(/Set ALERT_WEBHOOK_URL/);
    await module.close();
    await start();
    expect((await alerts.test()).said).toBe('The receiver answered 204.');
    expect(receiver.deliveries.map(({ body }) => body.data['type'])).toEqual(['test']);
  });

  it('are told although the catalog can not be written, and entered when it can be again', async () => {
    const catalog = module.get(CatalogService);
    await catalog.onApplicationShutdown();
    alerts.raise(DISK);
    alerts.raise(DISK);
    await receiver.until(({ type }) => type === 'alert.firing');
    alerts.resolve('disk');
    await receiver.until(({ type }) => type === 'alert.resolved');
    expect(receiver.deliveries).toHaveLength(2);
  });

  it('hold nobody up, whatever the receiver does', async () => {
    receiver.answer = () => undefined;
    const begun = performance.now();
    for (let index = 0; index < 300; index++) alerts.raise({ ...DISK, fingerprint: `disk ${index}` });
    expect(performance.now() - begun).toBeLessThan(100);
    await until((found) => found.length === 100);
  });

  it('that are a test say what the receiver answers', async () => {
    receiver.answer = (response) => void response.writeHead(418).end();
    expect(await alerts.test()).toEqual({ taken: false, status: 418, said: 'The receiver answered 418.' });
    expect(await all()).toMatchObject([{ type: 'test', state: 'resolved', delivery: { state: 'failed', attempts: 1 } }]);
  });
});

describe('Alerts of switches', () => {
  it('of an earlier process are over when they are not found any more', async () => {
    const switches = module.get(Switches);
    const finding = { kind: 'stray-file', storeId: null, userId: null, reason: 'A file is there.' } as const;
    for (const file of ['a.db', 'b.db']) for (let times = 0; times < 3; times++) switches.report({ ...finding, file });
    await until((found) => found.length === 2);
    await module.close();
    await start();
    module.get(Switches).report({ ...finding, file: 'b.db' });
    module.get(SwitchAlerts).resolveForgotten();
    const found = await until((found) => found.some(({ state }) => state === 'resolved'));
    expect(found.map(({ details, state, times }) => [details['file'], state, times])).toEqual([
      ['b.db', 'firing', 1],
      ['a.db', 'resolved', 1],
    ]);
  });
});
