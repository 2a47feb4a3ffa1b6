import { Problem } from '../http/problem.js';

/** 401 with its challenge (RFC 6750 §3). The detail never repeats anything of the credential. */
export function unauthorized(detail: string, slug: 'no-credential' | 'invalid-token' | 'invalid-api-key' = 'invalid-token'): Problem {
  const challenge = slug === 'no-credential' ? 'Bearer realm="violentutf"' : 'Bearer realm="violentutf", error="invalid_token"';
  return new Problem(401, slug, detail, { headers: { 'WWW-Authenticate': challenge } });
}
