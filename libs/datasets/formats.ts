import { InvalidInput } from '#core';

export const DATASET_FORMATS = ['csv', 'jsonl', 'json', 'text'] as const;
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, DatasetFormat>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  txt: 'text',
  text: 'text',
};

const BY_TYPE: Readonly<Record<string, DatasetFormat>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/jsonl': 'jsonl',
  'application/x-jsonlines': 'jsonl',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'application/json': 'json',
  'text/plain': 'text',
};

/**
 * The format of an upload, by the ending of its name, else by its content type: browsers know few types, and send some wrongly.
 * @throws InvalidInput naming the endings that are understood.
 */
export function formatOf(filename: string | undefined, contentType: string | undefined): DatasetFormat {
  const extension = /\.([a-z]+)$/i.exec(filename ?? '')?.[1]?.toLowerCase() ?? '';
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const format = own(BY_EXTENSION, extension) ?? own(BY_TYPE, type);
  if (format) return format;
  const endings = Object.keys(BY_EXTENSION).map((known) => `.${known}`);
  throw new InvalidInput(`The format of the file is not known. Its name must end in one of: ${endings.join(', ')}.`);
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
