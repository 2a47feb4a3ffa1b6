const OPEN = '<think>';
const CLOSE = '</think>';

/** The answer proper of a reasoning model that writes its thoughts first, between `<think>` and `</think>`; thoughts without an end are all thoughts. */
export function withoutThoughts(text: string): string {
  const start = text.trimStart();
  if (!start.startsWith(OPEN)) return text;
  const end = start.indexOf(CLOSE);
  return end < 0 ? '' : start.slice(end + CLOSE.length);
}
