import { ValueFault } from './value.js';

/** Words of samples and of advice to replace them. In a random secret of this length they do not occur by chance. */
const SAMPLE =
  /secret|passw|change.{0,2}me|change.{0,3}(this|in)|example|sample|default|placeholder|replace|your[-_ ]|insert|violentutf|jwt[-_ ]?key|<|\$\{/i;

/** What a secret of HS256 tokens must be like (RFC 7518 §3.2: at least as long as the hash). @throws ValueFault */
export function jwtSecret(value: string): string {
  const remedy = 'take the output of: openssl rand -base64 48';
  if (Buffer.byteLength(value) < 32) throw new ValueFault(`must be at least 32 bytes long; ${remedy}`);
  if (SAMPLE.test(value)) throw new ValueFault(`looks like a sample value; ${remedy}`);
  if (new Set(value).size < 8) throw new ValueFault(`repeats the same few characters; ${remedy}`);
  return value;
}

/** A token that is sent as a header. @throws ValueFault */
export function metricsToken(value: string): string {
  const remedy = 'take the output of: openssl rand -base64 24';
  if (!/^[\x21-\x7e]+$/.test(value)) throw new ValueFault(`must be of visible ASCII characters without spaces; ${remedy}`);
  if (value.length < 16) throw new ValueFault(`must be at least 16 characters long; ${remedy}`);
  if (new Set(value).size < 8) throw new ValueFault(`repeats the same few characters; ${remedy}`);
  return value;
}

/** What messages to a webhook are signed with, written as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64. @throws ValueFault */
export function webhookSecret(value: string): Buffer {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value) ?? [];
  const key = Buffer.from(encoded, 'base64');
  if (key.length < 24 || key.length > 64)
    throw new ValueFault('must be whsec_ and 24 to 64 bytes in base64; take whsec_ and the output of: openssl rand -base64 32');
  return key;
}

/** Such a key as it is written. */
export function webhookSecretOf(key: Buffer): string {
  return `whsec_${key.toString('base64')}`;
}

/** A 256-bit key in base64 (or base64url). @throws ValueFault */
export function encryptionKey(value: string): Buffer {
  const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(value) ? Buffer.from(value, 'base64') : null;
  if (key?.length !== 32) throw new ValueFault('must be 32 bytes in base64; take the output of: openssl rand -base64 32');
  if (new Set(key).size < 8) throw new ValueFault('repeats the same few bytes; take the output of: openssl rand -base64 32');
  return key;
}
