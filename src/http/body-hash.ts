import type { IncomingMessage } from 'node:http';
import { sha256 } from '#core';

const hashes = new WeakMap<IncomingMessage, string>();

/** Notes what a JSON body is, byte by byte, if the request may be repeated. Called by the body parser, which alone sees the bytes. */
export function rememberBody(request: IncomingMessage, body: Uint8Array): void {
  if (request.headers['idempotency-key'] !== undefined) hashes.set(request, sha256(body));
}

/** What tells the body of a request from others: a hash of its bytes; of an upload, which is read later, its length; else nothing. */
export function bodyHashOf(request: IncomingMessage): string {
  return hashes.get(request) ?? `length ${request.headers['content-length'] ?? 0}`;
}
