import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { InvalidInput } from './errors.js';

/**
 * Seals secrets before they reach a store: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce, bound to what the secret belongs to,
 * so that a sealed text copied into another place does not open there.
 */
export class SecretBox {
  /** As an object: given as bytes, it would be made into one for each text, which takes longer than sealing it. */
  readonly #key: KeyObject;

  /** @param key 32 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new TypeError('The encryption key must have 32 bytes.');
    this.#key = createSecretKey(key);
  }

  /** @param bound what the secret belongs to, for example `generator/<id>/apiKey`. */
  seal(secret: string, bound: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(bound));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
  }

  /** @throws InvalidInput when it was sealed with another key, for another place, or was changed. */
  open(sealed: string, bound: string): string {
    try {
      const [version, text] = sealed.split('.');
      if (version !== 'v1' || text === undefined) throw new Error('unknown version');
      const bytes = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    } catch {
      throw new InvalidInput('A stored secret can not be opened with the present encryption key. Restore the key, or set the secret anew.');
    }
  }
}

/** What may be shown of a secret: its last four characters, if that leaves at least twelve unseen. */
export function secretHint(secret: string): string {
  return secret.length >= 16 ? `…${secret.slice(-4)}` : '…';
}
