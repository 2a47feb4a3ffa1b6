import { InvalidInput, StaleRevision } from '#core';

/** The entity tag of a revision, for the `ETag` header (RFC 9110 §8.8.3). */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that a client says it has seen, from its `If-Match` header, to be compared where the change is written. Null when it says none, or
 * `*`. A weak tag counts like the strong one: some proxies weaken tags when they compress.
 * @throws InvalidInput when the header is not one tag.
 */
export function expectedRevision(ifMatch: string | undefined): number | null {
  if (ifMatch === undefined || ifMatch.trim() === '*') return null;
  const [, revision] = /^\s*(?:W\/)?"(\d{1,15})"\s*$/.exec(ifMatch) ?? [];
  if (revision !== undefined) return Number(revision);
  throw new InvalidInput('If-Match must be the ETag of the last GET, for example "3".');
}

/** @throws StaleRevision when the client has seen another revision than the current one; InvalidInput when the header is not one tag. */
export function requireRevision(ifMatch: string | undefined, current: number): void {
  const expected = expectedRevision(ifMatch);
  if (expected === null || expected === current) return;
  throw new StaleRevision(`It was changed meanwhile: this is revision ${current}, not ${expected}. Get it again, and repeat your change.`);
}
