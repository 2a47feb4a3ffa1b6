import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { prompts } from '../server/campaign.js';
import type { Client } from '../server/client.js';
import { Disk } from '../server/disk.js';
import { ServerProcess } from '../server/server-process.js';
import { WebhookReceiver, type DeliveredBody } from '../targets/webhook-receiver.js';

const MINUTE = 60_000;

let receiver: WebhookReceiver;
let disk: Disk;
let server: ServerProcess;
let root: Client;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  disk = await Disk.make(0);
  const limits = { DISK_WARNING_MB: '1', DISK_LEAST_MB: '1', DB_MAX_OPEN: '1', DB_CONNECTION_TIMEOUT: '1', DB_MAX_RETRIES: '0' };
  server = await ServerProcess.start({
    env: { ...receiver.env, ...limits, VIOLENTUTF_MEMORY_DIR: disk.directory, ADMIN_USERS: 'root', MEMORY_CHECK_SECONDS: '0.1' },
  });
  root = server.client('root');
}, MINUTE);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  await disk[Symbol.asyncDispose]();
});

/** @param userId of whom; of anybody or nobody when left out. */
function about(type: string, state: string, userId?: string) {
  return ({ data }: DeliveredBody): boolean =>
    data['type'] === type && data['state'] === state && (userId === undefined || data['userId'] === userId);
}

/** Waits until operators were told that it is over, and looks whether they were told of it once. */
async function expectOnce(type: string, userId?: string): Promise<void> {
  await receiver.until(about(type, 'resolved', userId));
  for (const state of ['firing', 'resolved'])
    expect(receiver.deliveries.filter(({ body }) => about(type, state, userId)(body))).toHaveLength(1);
  expect(receiver.forged).toBe(0);
}

it(
  'alerts of a part of the server that is unwell, until it is well',
  async () => {
    await disk.forbid();
    const [alert] = await receiver.until(about('health', 'firing'));
    expect(alert?.data).toMatchObject({
      severity: 'critical',
      summary: expect.stringContaining('the memory directory can not be written'),
    });
    const { items } = await root.get<{ items: readonly { readonly type: string }[] }>('/api/v2/alerts?state=firing');
    expect(items.map(({ type }) => type)).toEqual(['health']);
    await disk.allow();
    await expectOnce('health');
  },
  MINUTE,
);

it(
  'alerts of a memory that somebody else holds, also when the server is started anew, until it can be had',
  async () => {
    const [ada, bob] = [server.client('ada'), server.client('bob')];
    for (const person of [ada, bob]) await person.dataset('some', prompts(10));
    const { store, userId } = await ada.get<{ userId: string; store: { location: string } }>('/api/v2/me');
    for (let held: DuckDBInstance | null = null; held === null;) {
      // One memory is open at a time.
      await bob.get('/api/v2/datasets');
      held = await DuckDBInstance.create(store.location, { access_mode: 'READ_ONLY' }).catch(() => null);
      if (!held) continue;
      expect((await ada.ask('GET', '/api/v2/datasets')).status).toBe(503);
      const [alert] = await receiver.until(about('memory-unavailable', 'firing', userId));
      expect(alert?.data).toMatchObject({ userId, severity: 'critical', details: { kind: 'held' } });
      expect((await bob.ask('GET', '/api/v2/datasets')).status).toBe(200);
      await server.stop();
      await server.boot();
      // When it tells of this, it has looked.
      await disk.forbid();
      await receiver.until(({ data }) => String(data['summary']).includes('can not be written') && data['state'] === 'firing');
      const { items } = await root.get<{ items: readonly { readonly type: string }[] }>('/api/v2/alerts?state=firing');
      expect(items.map(({ type }) => type)).toContain('memory-unavailable');
      await disk.allow();
      held.closeSync();
    }
    // Others may have been refused while the disk was.
    await expectOnce('memory-unavailable', userId);
  },
  MINUTE,
);

it(
  'alerts once of a name that changed in the token, until an administrator has decided',
  async () => {
    const withClaims = (claims: object): Client => server.clientWith({ authorization: `Bearer ${server.token(claims)}` });
    const owner = withClaims({ preferred_username: 'former', sub: 'S-1' });
    await owner.create('converters', 'mine', 'rot13');
    const { userId } = await owner.get<{ userId: string }>('/api/v2/me');
    const changed = withClaims({ preferred_username: 'present', sub: 'S-1' });
    for (let times = 0; times < 5; times++) expect((await changed.ask('GET', '/api/v2/converters')).status).toBe(403);
    const [alert] = await receiver.until(about('memory-switch', 'firing'));
    expect(alert?.data).toMatchObject({ userId, severity: 'critical', details: { kind: 'identity' } });
    expect(JSON.stringify(alert)).not.toMatch(/former|present/);
    await root.post(`/api/v2/users/${userId}/aliases`, { issuer: 'shared-secret', name: 'present' });
    expect((await changed.ask('GET', '/api/v2/converters')).status).toBe(200);
    await expectOnce('memory-switch');
  },
  MINUTE,
);

it(
  'alerts of a backup that was not made, until one is',
  async () => {
    const folder = join(server.dataDir, 'backups');
    const begin = () => root.ask('POST', '/api/v2/backups', {});
    await writeFile(folder, 'This is no folder.');
    await begin();
    const [alert] = await receiver.until(about('backup-failed', 'firing'));
    expect(alert?.data).toMatchObject({ severity: 'critical', summary: expect.stringContaining('was not made') });
    await rm(folder);
    // The one that failed may be about to end.
    while ((await begin()).status !== 202);
    await expectOnce('backup-failed');
    let text = '';
    // What the disk of before has done to others may still be told.
    while (!/^violentutf_alerts\{severity="critical"\} 0$/m.test(text)) ({ text } = await root.ask('GET', '/metrics'));
    expect(text).toMatch(/^violentutf_backups_total\{outcome="failed"\} [1-9]/m);
    expect(text).toMatch(/^violentutf_backup_last_success_timestamp_seconds \d{10}/m);
    // Of one that was taken away nobody is to think that it is there.
    const { items } = await root.get<{ items: readonly { readonly id: string; readonly state: string }[] }>('/api/v2/backups');
    for (const { id, state } of items) if (state === 'completed') await root.delete(`/api/v2/backups/${id}`);
    const gone = await root.ask('GET', '/metrics');
    expect(gone.text).not.toMatch(/^violentutf_backup_last_success_timestamp_seconds \d/m);
  },
  MINUTE,
);
