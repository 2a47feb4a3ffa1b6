import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AlertDto } from '../../src/alerts/alert.dto.js';
import { ServerProcess, ServerRefused } from '../server/server-process.js';
import { WebhookReceiver } from '../targets/webhook-receiver.js';

const MINUTE = 60_000;

let receiver: WebhookReceiver;
let server: ServerProcess;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  env = { ...receiver.env, ADMIN_USERS: 'root', MEMORY_CHECK_SECONDS: '0.05' };
  server = await ServerProcess.start({ env });
  await server.client('ada').create('converters', 'of ada', 'rot13');
  await server.stop();
}, MINUTE);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function refusal(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const refused = await server.boot({ ...env, ...more }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ServerRefused);
  expect(refused).toMatchObject({ exitCode: 1 });
  return (refused as ServerRefused).message;
}

/** What was sent since, as type and kind. */
function sent(since = 0): unknown[] {
  return receiver.deliveries.slice(since).map(({ body }) => [body.type, (body.data['details'] as { kind: string }).kind]);
}

const salt = (): string => join(server.dataDir, 'salt');

it(
  'A salt that is another one, or gone, keeps the server from starting, which operators are told once',
  async () => {
    const content = await readFile(salt(), 'utf8');
    await writeFile(salt(), 'another');
    expect(await refusal()).toMatch(/not the one that its catalog was begun with/);
    await rm(salt());
    expect(await refusal()).toMatch(/the file salt is gone .* no new one is made/);
    expect(await refusal({ PYRIT_DB_SALT: 'a third' })).toMatch(/not the one that its catalog was begun with/);
    await expect(stat(salt())).rejects.toThrow('ENOENT');
    expect(sent()).toEqual([['alert.firing', 'salt']]);

    await server.boot({ ...env, PYRIT_DB_SALT: content });
    await receiver.until(({ type }) => type === 'alert.resolved');
    expect(sent(1)).toEqual([['alert.resolved', 'salt']]);
    expect(await readFile(salt(), 'utf8')).toBe(content);
    expect(await server.client('root').all<AlertDto>('/api/v2/alerts?state=firing')).toEqual([]);
    expect((await server.client('ada').all('/api/v2/converters')).length).toBe(1);
    await server.stop();
    expect(receiver.forged).toBe(0);
  },
  MINUTE,
);
