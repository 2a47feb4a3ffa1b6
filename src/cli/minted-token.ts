import jwt from 'jsonwebtoken';
import { canonicalName } from '../auth/canonical-user.js';
import type { Config } from '../config/config.js';
import { CommandError } from './command.js';

export interface TokenRequest {
  /** As the person writes it; the server knows them by its canonical form. */
  readonly user: string;
  readonly email?: string | undefined;
  readonly ttlSeconds: number;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const LONGEST_SECONDS = 366 * 86_400;

/**
 * An HS256 token (RFC 7519) that a server with this configuration accepts.
 * @throws Unidentified when the name is one that the server refuses; CommandError when the server takes no tokens of a shared secret.
 */
export function mintToken({ jwtSecret }: Pick<Config, 'jwtSecret'>, { user, email, ttlSeconds }: TokenRequest): string {
  const name = canonicalName(user);
  if (jwtSecret === null) {
    throw new CommandError('This server accepts only the tokens of its OIDC issuer. Get one there, or set JWT_SECRET_KEY as well.');
  }
  const claims = { sub: name, preferred_username: user, ...(email === undefined ? {} : { email }) };
  return jwt.sign(claims, jwtSecret, { algorithm: 'HS256', expiresIn: ttlSeconds });
}

/** The seconds of `90s`, `30m`, `12h` or `7d`. @throws CommandError when it is none of these, or more than a year. */
export function secondsOf(duration: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(duration) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
  throw new CommandError('--ttl must be a duration such as 90s, 30m, 12h or 7d, at most 366d.');
}
