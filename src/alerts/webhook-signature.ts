import { createHmac } from 'node:crypto';

/** The headers by which a receiver knows a message (Standard Webhooks 1.0.0): its id, which stays when it is sent again, when it was sent, and by whom. */
export function signedHeaders(id: string, body: string, key: Buffer, nowMs: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
