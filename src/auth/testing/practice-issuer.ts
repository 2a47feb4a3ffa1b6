import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt, { type SignOptions } from 'jsonwebtoken';

interface SigningKey {
  readonly kid: string;
  readonly algorithm: 'RS256' | 'ES256';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A real OpenID Connect issuer on this machine, as small as can be: discovery, a key set, and tokens. It counts what it is asked. */
export class PracticeIssuer implements AsyncDisposable {
  /** What goes wrong: it does not answer properly, or answers something else. */
  fault: 'none' | 'down' | 'other-issuer' | 'insecure-keys' | 'not-json' | 'huge' = 'none';
  requests = 0;
  readonly #keys = new Map<string, SigningKey>();
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests += 1;
      if (this.fault === 'down') return response.writeHead(502).end();
      if (this.fault === 'not-json') return response.end('<html>');
      if (this.fault === 'huge') return response.end(JSON.stringify({ padding: 'x'.repeat(2 * 1024 * 1024) }));
      return response.end(JSON.stringify(request.url === '/jwks' ? this.#jwks() : this.#discovery()));
    });
  }

  static async start(): Promise<PracticeIssuer> {
    const issuer = new PracticeIssuer();
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    issuer.#port = (issuer.#server.address() as AddressInfo).port;
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  addKey(kid: string, algorithm: 'RS256' | 'ES256'): void {
    const pair =
      algorithm === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    this.#keys.set(kid, { kid, algorithm, ...pair });
  }

  /** The key is no longer published. Tokens signed with it before are still there. */
  removeKey(kid: string): void {
    this.#keys.delete(kid);
  }

  /** The public key in PEM, which anyone can have. */
  publicPem(kid: string): string {
    return this.#key(kid).publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  sign(kid: string, claims: object, options: SignOptions = {}): string {
    const { privateKey, algorithm } = this.#key(kid);
    return jwt.sign(claims, privateKey, { algorithm, keyid: kid, issuer: this.url, audience: 'violentutf', expiresIn: 60, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #key(kid: string): SigningKey {
    const key = this.#keys.get(kid);
    if (!key) throw new Error(`The practice issuer has no key ${kid}.`);
    return key;
  }

  #discovery(): object {
    return {
      issuer: this.fault === 'other-issuer' ? 'https://elsewhere.example.org' : this.url,
      jwks_uri: this.fault === 'insecure-keys' ? 'http://example.org/jwks' : `${this.url}/jwks`,
    };
  }

  #jwks(): object {
    const keys = [...this.#keys.values()].map(({ kid, publicKey, algorithm }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg: algorithm,
      use: 'sig',
    }));
    const strangers = [{ kty: 'oct', kid: 'symmetric', k: 'c2VjcmV0' }, { kty: 'RSA', kid: 'broken', n: '!', e: 'AQAB' }, 'nonsense'];
    return { keys: [...strangers, ...keys] };
  }
}
