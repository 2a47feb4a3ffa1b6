import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { InvalidInput, QuotaExceeded, type JsonObject } from '#core';
import { maxRecordLength, type DatasetLimits } from './limits.js';
import type { PlacedRecord } from './records.js';

/** What is wrong with a CSV file, by the parser's code. Its own messages repeat the file. */
const FAULTS: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'does not have as many fields as the header',
  CSV_QUOTE_NOT_CLOSED: 'has a quote that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'has a text after a closing quote; a quote inside a field is written twice',
  INVALID_OPENING_QUOTE: 'has a quote in the middle of a field; such a field must be quoted, and its quotes written twice',
};

/**
 * RFC 4180, with a header that has `value` or `prompt`. `harm_categories` is split on `;`; every other column becomes metadata.
 * Fields are taken as they are, with all their spaces.
 * @throws InvalidInput naming the line.
 */
export async function* csvRecords(text: AsyncIterable<string>, limits: DatasetLimits): AsyncGenerator<PlacedRecord> {
  const parser = parse({ info: true, record_delimiter: ['\r\n', '\n'], skip_empty_lines: true, max_record_size: maxRecordLength(limits) });
  // Its failure, and that of the text, comes out of the parser below.
  const fed = pipeline(Readable.from(text), parser).catch(() => undefined);
  let header: readonly string[] | null = null;
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (header === null) header = headerOf(record);
      else yield { record: fieldsOf(header, record), where: `Line ${line}` };
      line = info.lines + 1;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const where = `Line ${lineOf(error) ?? line}`;
    if (error.code === 'CSV_MAX_RECORD_SIZE') {
      throw new QuotaExceeded(
        `${where} is longer than ${maxRecordLength(limits)} characters; a prompt may have ${limits.maxPromptLength}.`,
      );
    }
    throw new InvalidInput(`${where} ${FAULTS[error.code] ?? 'is not valid CSV'}.`);
  } finally {
    parser.destroy();
    await fed;
  }
}

function headerOf(record: readonly string[]): readonly string[] {
  const names = record.map((name, index) => name.trim() || `column ${index + 1}`);
  const known = names.map((name) => (/^(value|prompt|harm_?categories)$/i.test(name) ? name.toLowerCase() : name));
  const header = known.map((name) => (name === 'harmcategories' ? 'harm_categories' : name));
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidInput('Line 1 names a column twice. Each column needs a name of its own.');
  if (!header.includes('value') && !header.includes('prompt')) {
    throw new InvalidInput("Line 1 must be a header with a column 'value' or 'prompt'.");
  }
  return header;
}

function fieldsOf(header: readonly string[], record: readonly string[]): JsonObject {
  const fields = header.map((name, index) => [name, record[index] ?? ''] as const);
  const textName = header.includes('value') ? 'value' : 'prompt';
  const field = (wanted: string): string => fields.find(([name]) => name === wanted)?.[1] ?? '';
  // An empty cell says nothing.
  const others = fields.filter(([name, text]) => name !== textName && name !== 'harm_categories' && text !== '');
  return { value: field(textName), harm_categories: field('harm_categories'), metadata: Object.fromEntries(others) };
}

function lineOf(error: CsvError): number | null {
  const lines: unknown = 'lines' in error ? error['lines'] : null;
  return typeof lines === 'number' ? lines : null;
}
