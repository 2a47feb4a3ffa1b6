import type { IncomingHttpHeaders } from 'node:http';
import { API_KEY_PREFIX } from '#catalog';
import { unauthorized } from './unauthorized.js';

/** What a request shows to say who sends it. */
export type Credential = { readonly kind: 'token' | 'api-key'; readonly value: string };

const LARGEST_TOKEN_BYTES = 8 * 1024;

/**
 * The credential of a request: `Authorization: Bearer` with a token or an API key, or `X-API-Key`; null when there is none.
 * @throws Problem (401) when there are two, or one that is none of these.
 */
export function credentialOf(headers: IncomingHttpHeaders): Credential | null {
  const { authorization } = headers;
  const apiKey = headers['x-api-key'];
  if (authorization !== undefined && apiKey !== undefined) throw unauthorized('Send one credential: Authorization or X-API-Key.');
  if (typeof apiKey === 'string') return { kind: 'api-key', value: apiKey };
  if (authorization === undefined) return null;
  const [, value] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (value === undefined) throw unauthorized('Authorization must be: Bearer, a space, and a token or an API key.');
  if (value.startsWith(API_KEY_PREFIX)) return { kind: 'api-key', value };
  if (value.length > LARGEST_TOKEN_BYTES) throw unauthorized('The token is larger than 8 KB.');
  return { kind: 'token', value };
}
