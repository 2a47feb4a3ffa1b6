import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { systemClock, Unavailable, type Clock } from '#core';
import { isLoopback } from '../config/loopback.js';

/** The algorithms of an OIDC issuer's tokens, and the keys they take (RFC 7518 §3.1). */
export const OIDC_ALGORITHMS = ['RS256', 'ES256'] as const;
export type OidcAlgorithm = (typeof OIDC_ALGORITHMS)[number];

interface IssuerKey {
  readonly kid: string | null;
  readonly algorithm: OidcAlgorithm;
  readonly pem: string;
}

const FRESH_MS = 10 * 60_000;
/** The least time between two attempts to fetch: tokens with invented key ids must not become requests to the issuer. */
const PAUSE_MS = 10_000;
const TIMEOUT_MS = 5_000;
const LARGEST_ANSWER_BYTES = 1024 * 1024;

/**
 * The public keys of an issuer, found by OpenID Connect Discovery (§4) and kept as a JWK Set (RFC 7517). Fetched again every ten minutes beside the
 * requests that use them, and at once for a key id that is not known. What was fetched stays valid as long as the issuer can't be reached.
 */
export class IssuerKeys {
  #keys: readonly IssuerKey[] | null = null;
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #failed = false;
  #fetching: Promise<void> | null = null;

  constructor(
    private readonly issuer: string,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * The public key (PEM) for a token with this header; null when the issuer has none such.
   * @throws Unavailable when that can't be known now.
   */
  async find(kid: string | undefined, algorithm: OidcAlgorithm): Promise<string | null> {
    if (this.#keys !== null && this.clock.now() - this.#fetchedAt > FRESH_MS && this.#mayTry()) {
      // Whether it succeeds or not, this request has keys to go by.
      this.#refresh().catch(() => undefined);
    }
    const known = this.#pick(kid, algorithm);
    if (known !== null) return known;
    if (this.#fetching !== null || this.#mayTry()) await this.#refresh();
    else if (this.#failed) throw this.#unreachable();
    return this.#pick(kid, algorithm);
  }

  #pick(kid: string | undefined, algorithm: OidcAlgorithm): string | null {
    const fitting = (this.#keys ?? []).filter((key) => key.algorithm === algorithm && (kid === undefined || key.kid === kid));
    return fitting.length === 1 ? (fitting[0]?.pem ?? null) : null;
  }

  #mayTry(): boolean {
    return this.clock.now() - this.#triedAt >= PAUSE_MS;
  }

  #refresh(): Promise<void> {
    this.#triedAt = this.clock.now();
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      const discovery = await fetchJson(`${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
      if (discovery['issuer'] !== this.issuer) throw new Error('its discovery document names another issuer');
      const jwksUri = discovery['jwks_uri'];
      if (typeof jwksUri !== 'string' || !isSecure(jwksUri)) throw new Error('its jwks_uri is not an https URL');
      const { keys } = await fetchJson(jwksUri);
      if (!Array.isArray(keys)) throw new Error('its JWK Set has no keys');
      this.#keys = keys.flatMap(toIssuerKey);
      this.#fetchedAt = this.clock.now();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      throw this.#unreachable(error);
    }
  }

  #unreachable(cause?: unknown): Unavailable {
    const reason = cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : '';
    return new Unavailable(`The issuer of this token can't be asked for its keys now${reason}. Try again later.`, PAUSE_MS, { cause });
  }
}

/** One signature key of the set, or none: keys for other purposes and of other kinds are passed over, as RFC 7517 §5 has it. */
function toIssuerKey(jwk: unknown): readonly IssuerKey[] {
  if (typeof jwk !== 'object' || jwk === null) return [];
  const { kty, crv, use, alg, kid } = jwk as Readonly<Record<string, unknown>>;
  const algorithm = kty === 'RSA' ? 'RS256' : kty === 'EC' && crv === 'P-256' ? 'ES256' : null;
  if (algorithm === null || (use !== undefined && use !== 'sig') || (alg !== undefined && alg !== algorithm)) return [];
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    if (kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return [];
    return [{ kid: typeof kid === 'string' ? kid : null, algorithm, pem: key.export({ type: 'spki', format: 'pem' }).toString() }];
  } catch {
    return [];
  }
}

function isSecure(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

async function fetchJson(uri: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(uri, {
    headers: { Accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new Error('its answer is too large');
    chunks.push(chunk);
  }
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (typeof value !== 'object' || value === null) throw new Error('its answer is not a JSON object');
  return value as Readonly<Record<string, unknown>>;
}
