import { sha256 } from '#core';
import type { Manifest } from './manifest.js';

/** What a backup can't be used without, and does not hold. */
export interface BackupSecrets {
  readonly salt: string;
  /** 32 bytes. */
  readonly encryptionKey: Uint8Array;
}

/** By these a salt and a key are recognised. They are long and random, so that nobody finds them by trying. */
export function fingerprintsOf({ salt, encryptionKey }: BackupSecrets): Manifest['fingerprints'] {
  return {
    encryptionKey: sha256(`violentutf-backup/encryption-key/${Buffer.from(encryptionKey).toString('hex')}`),
    salt: sha256(`violentutf-backup/salt/${salt}`),
  };
}
