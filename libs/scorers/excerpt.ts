const MAX_SHOWN = 60;

/** A short, one-line quotation of `text` from `start` to `end` (UTF-16 offsets), for rationales. */
export function excerpt(text: string, start = 0, end = text.length): string {
  const shown = clip(text.slice(start, end), MAX_SHOWN).replace(/\s+/gu, ' ');
  return end - start > MAX_SHOWN ? `“${shown}…”` : `“${shown}”`;
}

/** The first `length` UTF-16 units of a text, well-formed: half a surrogate pair becomes U+FFFD, because no database takes it. */
export function clip(text: string, length: number): string {
  return Buffer.from(text.slice(0, length), 'utf8').toString('utf8');
}
