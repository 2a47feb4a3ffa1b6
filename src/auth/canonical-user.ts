import { CLAIM_KINDS, type Identity, type SeenClaim } from '#catalog';

/** The issuer under which the catalog knows the persons of shared-secret tokens. */
export const SHARED_SECRET = 'shared-secret';

/** The claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A valid token that names nobody: the message says why, and never repeats the name. */
export class Unidentified extends Error {
  override readonly name = 'Unidentified';
}

const LONGEST_NAME = 256;

/** The claims of shared-secret tokens that name a person, the strongest first. */
const NAME_CLAIMS = ['preferred_username', 'username', 'email', 'sub'] as const;

/** Names that such tokens are known to carry for everybody, in canonical form. Whoever bears one would share a memory with strangers. */
const PLACEHOLDERS = new Set([
  'anonymous',
  'anonymous_user',
  'default',
  'default_user',
  'guest',
  'guest_user',
  'keycloak_user',
  'local_user',
  'n/a',
  'none',
  'null',
  'streamlit',
  'streamlit_user',
  'undefined',
  'unknown',
  'unknown_user',
  'user',
  'username',
]);

/**
 * The person of an OIDC token: its issuer and subject, exactly as they are (OpenID Connect Core §5.7: nothing else is stable).
 * @throws Unidentified
 */
export function oidcIdentity(issuer: string, claims: Claims): Identity {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub.trim() === '') throw new Unidentified('The token names no subject (sub).');
  if (sub.length > LONGEST_NAME || /\p{C}/u.test(sub)) throw new Unidentified('The subject (sub) of the token is not a name.');
  return { issuer, name: `${issuer}|${sub}` };
}

/**
 * The person of a shared-secret token: the first of preferred_username, username, email and sub that it carries, in canonical form. A placeholder
 * there is refused rather than passed over: the next claim may be another name of the same person, and so another memory.
 * @throws Unidentified
 */
export function sharedSecretIdentity(claims: Claims): Identity {
  const claim = NAME_CLAIMS.find((name) => isPresent(claims[name]));
  if (claim === undefined) throw new Unidentified(`The token names nobody: give it one of ${NAME_CLAIMS.join(', ')}.`);
  const name = claims[claim];
  if (typeof name !== 'string') throw new Unidentified(`The claim ${claim} is not text.`);
  return { issuer: SHARED_SECRET, name: canonicalName(name) };
}

/**
 * The names that a token carries, in canonical form, as far as they can be a person's. Those of shared-secret tokens count among each other. Those of an
 * OIDC issuer, whose person is the subject alone, only tell an administrator who may have come from there.
 */
export function claimsIn(claims: Claims, { oidc }: { readonly oidc: boolean }): readonly SeenClaim[] {
  return CLAIM_KINDS.filter((kind) => !oidc || kind !== 'sub').flatMap((kind) => {
    const text = claims[kind];
    if (typeof text !== 'string') return [];
    try {
      return [{ issuer: SHARED_SECRET, kind, value: canonicalName(text) }];
    } catch (error) {
      if (error instanceof Unidentified) return [];
      throw error;
    }
  });
}

/**
 * A name of a shared-secret token as the catalog has it: NFKC, lower-case, without space around it, each run of space inside as one `_`.
 * @throws Unidentified when it is empty, a placeholder, longer than 256, or has characters that names do not have.
 */
export function canonicalName(text: string): string {
  // Bounded before it is worked on; NFKC makes a text up to 18 times as long.
  if (text.length > 4 * LONGEST_NAME) throw new Unidentified(`The name is longer than ${LONGEST_NAME} characters.`);
  const name = text.normalize('NFKC').toLowerCase().normalize('NFKC').trim().replace(/\s+/g, '_');
  if (name === '') throw new Unidentified('The name is empty.');
  if (name.length > LONGEST_NAME) throw new Unidentified(`The name is longer than ${LONGEST_NAME} characters.`);
  // Invisible characters would make two persons of one; `|` would make a name look like an issuer and subject.
  if (/[\p{C}|]/u.test(name)) throw new Unidentified('The name has invisible characters or a | in it.');
  if (PLACEHOLDERS.has(name)) throw new Unidentified('The name is a placeholder that is the same for everybody, not the name of a person.');
  return name;
}

/** Whether a claim makes an administrator: its value is the one wanted, or a list that has it. The claim is a name, or a path with dots. */
export function hasClaim(claims: Claims, claim: string, wanted: string): boolean {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : claim.split('.').reduce<unknown>(member, claims);
  return value === wanted || (Array.isArray(value) && value.includes(wanted));
}

function member(parent: unknown, name: string): unknown {
  return typeof parent === 'object' && parent !== null && Object.hasOwn(parent, name) ? (parent as Claims)[name] : undefined;
}

function isPresent(claim: unknown): boolean {
  return claim !== undefined && claim !== null && !(typeof claim === 'string' && claim.trim() === '');
}
