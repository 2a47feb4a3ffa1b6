import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog, type Alert, type AlertDelivery } from '#catalog';
import { CATALOG_FILE } from '../catalog/catalog-files.js';
import type { Config } from '../config/config.js';
import { SALT_FILE } from '../config/data-files.js';
import { messageOf } from './alert-message.js';
import { ATTEMPTS } from './delivery.js';
import { newAlert } from './new-alert.js';
import { switchAlert } from './switch-alert.js';
import { Webhook } from './webhook.js';

/** How long the end of a process that is not to start may be held up. */
const MOST_MS = 5_000;
const RECEIVER_MS = 4_000;
/** Says that operators were alerted, where the catalog can't. */
const NOTE = '.boot-refused-alerted';

/**
 * Alerts operators that a server does not start because its salt is another one: once, however often it is started again. Whatever goes wrong
 * here, the process ends within some seconds.
 * @param reason the sentence that the process ends with.
 */
export async function alertRefusedBoot(config: Config, reason: string): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    late = setTimeout(resolve, MOST_MS);
  });
  await Promise.race([timeout, tell(config, reason).catch(() => undefined)]);
  clearTimeout(late);
}

/** To be called when a server has started: the next refusal is told again. */
export function forgetRefusedBoot({ dataDir }: Config): Promise<void> {
  // Where it can't be removed, the next refusal is not told again.
  return rm(join(dataDir, NOTE), { force: true }).catch(() => undefined);
}

async function tell(config: Config, reason: string): Promise<void> {
  const draft = switchAlert({ kind: 'salt', storeId: null, userId: null, file: SALT_FILE, reason });
  const alert = newAlert(draft, config.alertWebhook ? 'pending' : 'none');
  const catalog = await Catalog.open({ directory: config.dataDir, file: CATALOG_FILE }, { create: false }).catch(() => null);
  if (!catalog) return tellOnce(config, alert);
  try {
    const kept = await catalog.alerts.raise(alert);
    const { attempts, state } = kept.delivery;
    if (state !== 'pending') return;
    const delivery = await post(config, kept, attempts + 1);
    if (delivery) await catalog.alerts.delivered([kept.alertId], 'firing', delivery);
  } finally {
    await catalog.close();
  }
}

async function tellOnce(config: Config, alert: Alert): Promise<void> {
  const note = join(config.dataDir, NOTE);
  const told = await readFile(note, 'utf8').catch(() => '');
  if (told === alert.fingerprint) return;
  const delivery = await post(config, alert, 1);
  if (delivery?.state === 'sent') await writeFile(note, alert.fingerprint, { mode: 0o600 });
}

async function post(config: Config, alert: Alert, attempts: number): Promise<AlertDelivery | null> {
  if (!config.alertWebhook) return null;
  await using webhook = new Webhook(config.alertWebhook, config.outbound, RECEIVER_MS);
  const { taken, said } = await webhook.post(messageOf(alert, Date.now()));
  if (taken) return { state: 'sent', attempts, lastError: null, sentAt: new Date().toISOString() };
  return { state: attempts >= ATTEMPTS ? 'failed' : 'pending', attempts, lastError: said, sentAt: null };
}
