/** What a token says of itself before anything of it is verified. It decides nothing but who shall verify it. */
export interface TokenShape {
  readonly algorithm: string | undefined;
  readonly keyId: string | undefined;
  readonly issuer: string | undefined;
}

/** Header parameters by which a token would choose the key it is checked with (RFC 7515 §4.1), and extensions that we do not know. */
const REFUSED_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit'];

/** The shape of a compact JWT; null when it is none, or its header asks for what is not done here. */
export function tokenShape(token: string): TokenShape | null {
  const parts = token.split('.');
  const [header, payload] = parts.slice(0, 2).map(jsonObject);
  if (parts.length !== 3 || !header || !payload || REFUSED_HEADERS.some((name) => Object.hasOwn(header, name))) return null;
  return { algorithm: textOf(header['alg']), keyId: textOf(header['kid']), issuer: textOf(payload['iss']) };
}

function jsonObject(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
