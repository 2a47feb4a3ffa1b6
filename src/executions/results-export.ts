import type { ResultDto } from './result.dto.js';

const COLUMNS = [
  'id',
  'position',
  'state',
  'reason',
  'converters',
  'repeat',
  'prompt',
  'convertedPrompt',
  'response',
  'attempts',
  'latencyMs',
  'finishReason',
  'inputTokens',
  'outputTokens',
  'conversationId',
  'scores',
  'attack',
] as const satisfies readonly (keyof ResultDto)[];

/** Results as JSON lines, page by page. */
export async function* toJsonLines(pages: AsyncIterable<readonly ResultDto[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((result) => `${JSON.stringify(result)}\n`).join('');
}

/** Results as CSV (RFC 4180) with a header, page by page, safe to open in a spreadsheet. Lists are JSON. */
export async function* toCsv(pages: AsyncIterable<readonly ResultDto[]>): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for await (const page of pages) yield page.map((result) => `${COLUMNS.map((column) => csvField(result[column])).join(',')}\r\n`).join('');
}

/**
 * A field that no spreadsheet takes for a formula: text that begins with one of the characters that start one gets an apostrophe in front
 * (OWASP, "CSV Injection"). Numbers are ours and stay numbers.
 */
export function csvField(value: string | number | object | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[\s]*[=+\-@\t\r\n|%＝＋－＠]/u.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
