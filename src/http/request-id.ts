import type { IncomingMessage, ServerResponse } from 'node:http';
import { uuidv7 } from '#core';

const SANE = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The id of a request, for logs and error answers: the one that a proxy gave it in `X-Request-Id`, when it is 1 to 64 harmless characters, or a new
 * UUID. It is kept on the request as `id`, and told in the response's `X-Request-Id`.
 */
export function requestIdOf(request: IncomingMessage & { id?: unknown }, response: ServerResponse): string {
  if (typeof request.id === 'string') return request.id;
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && SANE.test(given) ? given : uuidv7();
  request.id = id;
  if (!response.headersSent) response.setHeader('X-Request-Id', id);
  return id;
}
