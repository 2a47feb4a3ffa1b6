import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { InvalidInput, type OutboundFetch } from '#core';
import { answerOf } from './answer.js';
import { guardedConnector, mayReachHost, systemResolve, type Resolve } from './connector.js';
import { AddressRefused, AnswerTooLarge, UnreadableAnswer } from './errors.js';
import { HostRules } from './host-rules.js';

export interface OutboundOptions {
  /**
   * Hosts, host:port, addresses or CIDR ranges that may be reached although they are private (see `HostRules`). A name or host:port
   * is compared with the URL as written; an address or range also with what a name resolves to.
   */
  readonly allowPrivate?: readonly string[];
  /** `http://user:password@proxy:3128`; used for https URLs, as everywhere. The proxy itself may be private: the operator chose it. */
  readonly httpsProxy?: string | undefined;
  /** Hosts that are reached without the proxy; a name covers the names below it. */
  readonly noProxy?: readonly string[];
  /** PEM certificates to trust beside those that Node trusts. */
  readonly extraCa?: readonly string[];
  /** The largest answer, packed and unpacked. Default 10 MiB. */
  readonly maxResponseBytes?: number;
  /** Default 10 s, with name resolution and TLS. */
  readonly connectTimeoutMs?: number;
  /** Upper bounds; a request's own time-out is the caller's signal. Default 10 minutes each. */
  readonly headersTimeoutMs?: number;
  readonly bodyTimeoutMs?: number;
  /** Requests beyond it wait for a free connection. Default 1,000. */
  readonly maxConnectionsPerOrigin?: number;
  readonly resolve?: Resolve;
}

export interface Outbound extends AsyncDisposable {
  /**
   * The standard `fetch`, with a policy: http and https only, no credentials in URLs, no private addresses that are not allowed,
   * and redirects are returned, never followed. The answer is read whole, up to the cap, before the promise settles.
   *
   * Through a proxy, the policy can only judge the host as written, since the proxy resolves it.
   * @throws AddressRefused; AnswerTooLarge; UnreadableAnswer; the signal's reason when it is aborted;
   * otherwise `TypeError('fetch failed')` with the transport's error as its cause, as the standard has it.
   */
  readonly fetch: OutboundFetch;
  /** Closes all connections; requests that still run are rejected, as are later ones. */
  close(): Promise<void>;
}

const TEN_MINUTES_MS = 600_000;

/** Opens the way out. @throws InvalidInput naming the option that can't be read. */
export function createOutbound(options: OutboundOptions = {}): Outbound {
  const maxBytes = options.maxResponseBytes ?? 10 * 1024 * 1024;
  const allowed = new HostRules(options.allowPrivate ?? [], 'GENERATOR_ALLOW_PRIVATE');
  const unproxied = new HostRules(options.noProxy ?? [], 'NO_PROXY', 'with-subdomains');
  const timeoutMs = options.connectTimeoutMs ?? 10_000;
  const secureContext = trusting(options.extraCa ?? []);
  const shared = {
    connections: options.maxConnectionsPerOrigin ?? 1_000,
    headersTimeout: options.headersTimeoutMs ?? TEN_MINUTES_MS,
    bodyTimeout: options.bodyTimeoutMs ?? TEN_MINUTES_MS,
    maxResponseSize: maxBytes,
  };
  const direct = new Agent({
    ...shared,
    connect: guardedConnector({ allowed, resolve: options.resolve ?? systemResolve, timeoutMs, secureContext }),
  });
  const tls = { timeout: timeoutMs, ...(secureContext && { secureContext }) };
  const proxy = options.httpsProxy
    ? new ProxyAgent({ ...shared, uri: proxyUri(options.httpsProxy), proxyTls: tls, requestTls: tls })
    : null;

  const route = (url: URL): Dispatcher => {
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    if (!proxy || url.protocol !== 'https:' || unproxied.matchesHost(url.hostname, port)) return direct;
    if (!mayReachHost(url.hostname, port, allowed)) throw new AddressRefused(url.host);
    return proxy;
  };

  const fetch: OutboundFetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new TypeError(`Only http and https can be fetched, not '${url.protocol}'.`);
    if (url.username !== '' || url.password !== '') throw new TypeError('A URL must not carry credentials; use a header.');
    const request = await plainRequest(input, init);
    const dispatcher = route(url);
    try {
      const { statusCode, headers, body } = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        ...request,
      });
      const bytes = (await body.bytes()) as Uint8Array<ArrayBuffer>;
      return await answerOf(url, statusCode, headers, bytes, maxBytes);
    } catch (error) {
      throw request.signal?.aborted ? request.signal.reason : asFetchError(error, url.host, maxBytes);
    }
  };

  const close = async (): Promise<void> => {
    await Promise.all([direct.destroy(), proxy?.destroy()]);
  };
  return { fetch, close, [Symbol.asyncDispose]: close };
}

interface PlainRequest {
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | null;
  readonly signal: AbortSignal | null;
}

/** Text and bytes, which is what clients send, pass as they are; everything else takes the standard's own way to bytes. */
async function plainRequest(input: Parameters<OutboundFetch>[0], init: RequestInit | undefined): Promise<PlainRequest> {
  const body = init?.body ?? null;
  if (!(input instanceof Request) && (body === null || typeof body === 'string' || body instanceof Uint8Array)) {
    const headers = init?.headers instanceof Headers ? init.headers : new Headers(init?.headers);
    const record = Object.fromEntries(headers);
    if (typeof body === 'string' && record['content-type'] === undefined) record['content-type'] = 'text/plain;charset=UTF-8';
    return { method: methodOf(init?.method), headers: record, body, signal: init?.signal ?? null };
  }
  const request = new Request(input, init);
  return {
    method: methodOf(request.method),
    headers: Object.fromEntries(request.headers),
    body: request.body ? new Uint8Array(await request.arrayBuffer()) : null,
    signal: request.signal,
  };
}

function methodOf(method = 'GET'): Dispatcher.HttpMethod {
  return method.toUpperCase();
}

function asFetchError(error: unknown, host: string, maxBytes: number): unknown {
  if ((error as { code?: unknown }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return new AnswerTooLarge(host, maxBytes);
  // undici gives no port when it resolves a name; the caller wants the host as it was written.
  if (error instanceof AddressRefused) return new AddressRefused(host);
  if (error instanceof AnswerTooLarge || error instanceof UnreadableAnswer) return error;
  return new TypeError('fetch failed', { cause: error });
}

const PEM = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/** Parsing some 150 certificates takes milliseconds, so it is done once and not per connection. */
function trusting(extraCa: readonly string[]): SecureContext | undefined {
  if (extraCa.length === 0) return undefined;
  const certificates = extraCa.flatMap((text) => text.match(PEM) ?? [text]);
  // A secure context would pass over a broken certificate in silence.
  const broken = certificates.findIndex((certificate) => !isCertificate(certificate));
  if (broken >= 0) throw new InvalidInput(`Extra CA certificate ${broken + 1} can't be read. It must be a certificate as PEM text.`);
  return createSecureContext({ ca: [...getCACertificates('default'), ...certificates] });
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject.length >= 0;
  } catch {
    return false;
  }
}

function proxyUri(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol === 'http:' || protocol === 'https:') return text;
  throw new InvalidInput('HTTPS_PROXY must be an http or https URL.');
}
