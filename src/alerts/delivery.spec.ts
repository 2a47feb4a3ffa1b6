import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Alert, AlertDelivery, AlertState } from '#catalog';
import { ManualClock } from '#core/testing';
import { WebhookReceiver } from '../../test/targets/webhook-receiver.js';
import { ATTEMPTS, Delivery, MOST_PER_MINUTE } from './delivery.js';
import { newAlert } from './new-alert.js';
import { Webhook } from './webhook.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let receiver: WebhookReceiver;
let webhook: Webhook;
let clock: ManualClock;
let delivery: Delivery;
let noted: { readonly ids: readonly string[]; readonly about: AlertState; readonly delivery: AlertDelivery }[];

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  clock = new ManualClock(Date.parse('2026-01-01T00:00:00.000Z'));
  webhook = webhookAt(receiver.url);
  begin();
});

afterEach(async () => {
  await delivery.close();
  await webhook[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

function webhookAt(url: string, timeoutMs = 300): Webhook {
  const key = Buffer.from(receiver.secret.slice('whsec_'.length), 'base64');
  return new Webhook({ url, key }, { proxy: null, noProxy: [] }, timeoutMs);
}

function begin(): void {
  noted = [];
  delivery = new Delivery({
    clock,
    post: (message, signal) => webhook.post(message, signal),
    delivered: (ids, about, delivery) => {
      noted.push({ ids, about, delivery });
      return Promise.resolve();
    },
    random: () => 0,
  });
}

function alert(fingerprint: string): Alert {
  return newAlert(
    { type: 'disk-space', severity: 'warning', fingerprint, summary: 'The disk is nearly full. Free some space.' },
    'pending',
  );
}

/** Waits until as many things were noted. */
async function untilNoted(count: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; noted.length < count;) {
    if (Date.now() > deadline) throw new Error(`Only ${noted.length} of ${count}: ${JSON.stringify(noted)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('A message', () => {
  it('is signed, and says what the alert is', async () => {
    const one = alert('disk');
    delivery.add(one);
    await untilNoted(1);
    const [{ id, body, headers } = { id: '', body: null, headers: {} }] = receiver.deliveries;
    expect(receiver.forged).toBe(0);
    expect(id).toBe(`${one.alertId}-firing`);
    expect(headers['content-type']).toBe('application/json');
    expect(body).toMatchObject({
      type: 'alert.firing',
      data: { id: one.alertId, type: 'disk-space', severity: 'warning', state: 'firing' },
    });
    expect(body?.data).not.toHaveProperty('delivery');
    expect(noted[0]?.delivery).toMatchObject({ state: 'sent', attempts: 1, lastError: null, sentAt: '2026-01-01T00:00:00.000Z' });
  });

  it.each<[string, WebhookReceiver['answer'], RegExp]>([
    ['answers 500', (response) => void response.writeHead(500).end(), /^The receiver answered 500\.$/],
    ['redirects', (response) => void response.writeHead(302, { location: '/elsewhere' }).end(), /redirects, which is not followed/],
    ['hangs', () => undefined, /did not answer within 0\.3 seconds/],
    ['cuts the line', (response) => void response.socket?.resetAndDestroy(), /could not be reached \(\w+\)/],
    ['answers too much', (response) => void response.end('x'.repeat(2_000_000)), /could not be reached/],
  ])('is sent again, the same, when the receiver %s', async (_what, answer, said) => {
    receiver.answer = answer;
    delivery.add(alert('disk'));
    await untilNoted(1);
    expect(noted[0]?.delivery).toMatchObject({ state: 'pending', attempts: 1, lastError: expect.stringMatching(said), sentAt: null });
    expect(noted[0]?.delivery.lastError).not.toContain('hook');
    receiver.answer = (response) => void response.writeHead(200).end();
    await clock.advance(5_000);
    await untilNoted(2);
    expect(noted[1]?.delivery).toMatchObject({ state: 'sent', attempts: 2, lastError: null });
    expect(new Set(receiver.deliveries.map(({ id }) => id)).size).toBe(1);
    expect(receiver.deliveries).toHaveLength(2);
    expect(receiver.forged).toBe(0);
  });

  it('is given up after some attempts, further and further apart, in about an hour', async () => {
    receiver.answer = (response) => void response.writeHead(503).end();
    delivery.add(alert('disk'));
    const at: number[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      await untilNoted(attempt);
      at.push(clock.now());
      if (attempt === ATTEMPTS) break;
      while (receiver.deliveries.length <= attempt) await clock.advance(5_000);
    }
    expect(noted.map(({ delivery }) => delivery.state)).toEqual([...Array<string>(ATTEMPTS - 1).fill('pending'), 'failed']);
    const pauses = at.slice(1).map((moment, index) => moment - (at[index] ?? 0));
    expect([...pauses].sort((a, b) => a - b)).toEqual(pauses);
    expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeGreaterThan(HOUR / 2);
    expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeLessThan(2 * HOUR);
    await clock.advance(24 * HOUR);
    expect(receiver.deliveries).toHaveLength(ATTEMPTS);
  });

  it('about an alert that is over before it got through is the only one', async () => {
    receiver.answer = (response) => void response.writeHead(500).end();
    const one = alert('disk');
    delivery.add(one);
    await untilNoted(1);
    receiver.answer = (response) => void response.writeHead(200).end();
    delivery.add({ ...one, state: 'resolved' });
    await untilNoted(2);
    expect(receiver.deliveries.map(({ body }) => body.type)).toEqual(['alert.firing', 'alert.resolved']);
    await clock.advance(HOUR);
    expect(receiver.deliveries).toHaveLength(2);
  });

  it('that is under way when the server is stopped stays pending', async () => {
    receiver.answer = () => undefined;
    delivery.add(alert('disk'));
    await receiver.until(() => true);
    await delivery.close();
    expect(noted).toEqual([]);
  });
});

describe('A flood', () => {
  it('is told in a summary, and nothing of it twice', async () => {
    const alerts = Array.from({ length: 200 }, (_, index) => alert(`disk ${index}`));
    for (const one of alerts) delivery.add(one);
    await untilNoted(MOST_PER_MINUTE);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(receiver.deliveries).toHaveLength(MOST_PER_MINUTE);
    await clock.advance(MINUTE);
    await untilNoted(alerts.length);
    expect(receiver.deliveries).toHaveLength(MOST_PER_MINUTE + 1);
    const [summary] = await receiver.until(({ type }) => type === 'alert.summary');
    expect(summary?.data).toMatchObject({
      alerts: 170,
      byState: { firing: 170 },
      bySeverity: { warning: 170 },
      byType: { 'disk-space': 170 },
    });
    expect(summary?.data['listed']).toHaveLength(100);
    const told = noted.flatMap(({ ids }) => ids);
    expect([told.length, new Set(told).size]).toEqual([200, 200]);
    expect(noted.every(({ delivery }) => delivery.state === 'sent')).toBe(true);
  });
});

describe('The address', () => {
  it('may be private, but nothing else is reached by it', async () => {
    const elsewhere = await WebhookReceiver.start();
    try {
      const { port } = new URL(elsewhere.url);
      receiver.answer = (response) => void response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end();
      expect(await webhook.post({ id: 'a', body: '{"type":"x"}' })).toMatchObject({ taken: false, status: 307 });
      expect(elsewhere.deliveries).toEqual([]);
    } finally {
      await elsewhere[Symbol.asyncDispose]();
    }
  });

  it('that nobody listens at is said in words', async () => {
    const gone = await WebhookReceiver.start();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    await using nobody = webhookAt(url);
    expect(await nobody.post({ id: 'a', body: '{}' })).toEqual({
      taken: false,
      status: null,
      said: 'The receiver could not be reached (ECONNREFUSED).',
    });
  });
});
