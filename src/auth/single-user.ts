import type { Request } from 'express';
import { isLoopback } from '../config/loopback.js';
import { Problem } from '../http/problem.js';

/**
 * Makes sure that a request without a token comes from a program or a page of this very machine: not over the network, not under a foreign host
 * name (DNS rebinding), and not from a page of another site in the user's browser.
 * @throws Problem (403)
 */
export function requireLocal(request: Request): void {
  const address = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const host = hostOf(`http://${request.headers.host ?? ''}`);
  const origin = request.headers.origin;
  const site = request.headers['sec-fetch-site'];
  const local =
    isLoopback(address) &&
    host !== null &&
    isLoopback(host.hostname) &&
    (origin === undefined || hostOf(origin)?.host === host.host) &&
    (site === undefined || site === 'same-origin' || site === 'none');
  if (!local)
    throw new Problem(
      403,
      'not-local',
      'In single-user mode this server is used on its own machine only: as http://localhost or http://127.0.0.1.',
    );
}

function hostOf(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}
