const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * JSON in whose strings line breaks and tabs are escaped: models write them as they are, which JSON does not allow.
 * @param text begins outside of a string.
 */
export function escapeLineBreaks(text: string): string {
  let escaped = '';
  let copied = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') at += 1;
    else if (quoted && ESCAPES[character]) {
      escaped += text.slice(copied, at) + ESCAPES[character];
      copied = at + 1;
    }
  }
  return escaped + text.slice(copied);
}
