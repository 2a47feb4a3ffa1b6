/** How one person was called, as far as it is known. */
export interface KnownPerson {
  /** What evidence about this person is given under: an id, or a canonical name. */
  readonly person: string;
  /** User names, display names, e-mail addresses, subjects: as they were written. */
  readonly names: readonly string[];
}

/** Names that ViolentUTF put into tokens of everybody, or shipped accounts with, in canonical form: whoever bore one may be anyone. */
const SHARED_NAMES: ReadonlySet<string> = new Set([
  '',
  'admin',
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
  'test_user',
  'undefined',
  'unknown',
  'unknown_user',
  'user',
  'username',
  'violentutf.api',
]);

/** Whether a name is one that many people bore. */
export function isSharedName(name: string): boolean {
  return SHARED_NAMES.has(name.normalize('NFKC').trim().toLowerCase().replaceAll(/\s+/g, '_'));
}

/**
 * The forms in which ViolentUTF may have used a name: as it is, lower-cased, with spaces as dots or underscores, and the local part of an address. Each
 * is a different user, with a different file.
 */
export function formsOfName(name: string): readonly string[] {
  const local = /^([^@\s]+)@[^@\s]+$/.exec(name)?.[1];
  const bases = local === undefined ? [name] : [name, local];
  return [
    ...new Set(
      bases
        .flatMap((base) => [base, base.trim(), base.toLowerCase()])
        .flatMap((base) => [base, base.replaceAll(' ', '.'), base.replaceAll(' ', '_')]),
    ),
  ].filter((form) => form !== '');
}
