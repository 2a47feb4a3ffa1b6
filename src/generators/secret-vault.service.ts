import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { InvalidInput, SecretBox, secretHint } from '#core';
import type { StoredSecret } from '#memory';
import { Config } from '../config/config.js';

/** Seals secrets on their way into a store, and opens them on their way to a client. */
@Injectable()
export class SecretVault {
  readonly #box: SecretBox;
  readonly #fingerprintKey = randomBytes(32);

  constructor(private readonly config: Config) {
    this.#box = new SecretBox(config.encryptionKey);
  }

  /**
   * What is stored for a secret: a text is sealed; `{ "env": NAME }` and `{ "file": NAME }` refer to what the operator allows.
   * @param bound what it belongs to. @throws InvalidInput
   */
  store(given: unknown, bound: string, pointer: string): StoredSecret {
    if (typeof given === 'string' && given !== '') return { kind: 'sealed', sealed: this.#box.seal(given, bound), hint: secretHint(given) };
    const { env, file } = (typeof given === 'object' && given !== null ? given : {}) as { env?: unknown; file?: unknown };
    if (typeof env === 'string' && this.config.generators.secretEnv.includes(env)) return { kind: 'env', name: env };
    if (typeof file === 'string' && this.config.generators.secretDir !== null && file === basename(file))
      return { kind: 'file', name: file };
    throw new InvalidInput('The secret can not be taken.', [
      {
        pointer,
        detail:
          'must be a non-empty text, or { "env": NAME } with a name that the operator lists in GENERATOR_SECRET_ENV, ' +
          'or { "file": NAME } with a file of GENERATOR_SECRET_DIR',
      },
    ]);
  }

  /**
   * What tells one value of a secret from another, without telling the value: an HMAC with a key that this process never gives away. A secret that is
   * kept elsewhere is looked up, so its fingerprint changes with it. @throws InvalidInput as `open` does
   */
  async fingerprint(stored: StoredSecret, bound: string): Promise<string> {
    const value = stored.kind === 'sealed' ? stored.sealed : await this.open(stored, bound);
    return createHmac('sha256', this.#fingerprintKey).update(value).digest('hex');
  }

  /** The secret in clear. @throws InvalidInput when it is not there, or was sealed with another key. */
  async open(stored: StoredSecret, bound: string): Promise<string> {
    if (stored.kind === 'sealed') return this.#box.open(stored.sealed, bound);
    const { name } = stored;
    if (stored.kind === 'env') {
      const value = this.config.generators.secretEnv.includes(name) ? process.env[name] : undefined;
      if (value) return value;
      throw new InvalidInput(
        `The environment variable ${name} that holds this secret is not set, or no longer allowed by GENERATOR_SECRET_ENV.`,
      );
    }
    const folder = this.config.generators.secretDir;
    const text = folder === null ? null : await readFile(join(folder, basename(name)), 'utf8').catch(() => null);
    if (text === null || text.trim() === '')
      throw new InvalidInput(`The file ${name} that holds this secret can not be read in GENERATOR_SECRET_DIR.`);
    return text.trim();
  }
}
