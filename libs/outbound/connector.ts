import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import { isPublicAddress } from './address.js';
import { AddressRefused } from './errors.js';
import type { HostRules } from './host-rules.js';

/** Finds the addresses of a name. */
export type Resolve = (hostname: string, callback: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** The system's resolver (`getaddrinfo`), with the hosts file. */
export const systemResolve: Resolve = (hostname, callback) => {
  systemLookup(hostname, { all: true }, (error, addresses) => callback(error, error ? [] : addresses));
};

/** Names that the public DNS never serves (RFC 6761, 6762, 8375; `.internal` by ICANN), and names without a dot. */
const LOCAL_NAME = /^[^.]+$|\.(localhost|local|internal|home\.arpa)$/;

/**
 * Whether a host may be reached as it is written, before anything is resolved. It is all that can be said of a request that goes
 * through a proxy: there, the proxy resolves.
 */
export function mayReachHost(hostname: string, port: number, allowed: HostRules): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (allowed.matchesHost(bare, port)) return true;
  return isIP(bare) ? isPublicAddress(bare) : !LOCAL_NAME.test(bare.replace(/\.$/, ''));
}

/**
 * An undici connector that opens no socket to a private address unless it is allowed. The address that is checked is the address
 * that is connected to: a name whose answer changes between check and use gains nothing.
 */
export function guardedConnector(options: {
  readonly allowed: HostRules;
  readonly resolve: Resolve;
  readonly timeoutMs: number;
  readonly secureContext: SecureContext | undefined;
}): buildConnector.connector {
  const { allowed, resolve } = options;
  const shared = { timeout: options.timeoutMs, autoSelectFamily: true, secureContext: options.secureContext };
  const open = buildConnector({ ...shared, lookup: resolving(resolve, () => true) });
  const guarded = buildConnector({
    ...shared,
    lookup: resolving(resolve, (address) => isPublicAddress(address) || allowed.matchesAddress(address)),
  });
  return (target, callback) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    if (allowed.matchesHost(target.hostname, port)) return open(target, callback);
    if (isIP(target.hostname) && !isPublicAddress(target.hostname)) {
      queueMicrotask(() => callback(new AddressRefused(target.hostname), null));
      return;
    }
    return guarded(target, callback);
  };
}

function resolving(resolve: Resolve, mayReach: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, found) => {
      const wanted = found.filter(({ family }) => !options.family || `IPv${family}` === options.family || family === options.family);
      const reachable = wanted.filter(({ address }) => mayReach(address));
      const [first] = reachable;
      if (error) callback(error, '', 4);
      else if (wanted.length > 0 && !first) callback(new AddressRefused(hostname), '', 4);
      else if (!first) callback(Object.assign(new Error(`'${hostname}' has no address.`), { code: 'ENOTFOUND' }), '', 4);
      else if (options.all) callback(null, reachable);
      else callback(null, first.address, first.family);
    });
  };
}
