import { InvalidInput, type JsonValue } from '#core';
import { checkRecordLength, type DatasetLimits } from './limits.js';
import type { PlacedRecord } from './records.js';

/** One prompt per line that is not blank. A line ends with LF or CR LF; whatever else it holds belongs to the prompt. */
export async function* textRecords(text: AsyncIterable<string>, limits: DatasetLimits): AsyncGenerator<PlacedRecord> {
  for await (const { line, number } of lines(text, limits)) yield { record: line, where: `Line ${number}` };
}

/** JSON Lines: one JSON text or object per line that is not blank. @throws InvalidInput naming a line that is not JSON. */
export async function* jsonLineRecords(text: AsyncIterable<string>, limits: DatasetLimits): AsyncGenerator<PlacedRecord> {
  for await (const { line, number } of lines(text, limits)) yield { record: parseJson(line, `Line ${number}`), where: `Line ${number}` };
}

/** @throws InvalidInput that does not repeat the text, as the parser's own error would. */
export function parseJson(text: string, where: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new InvalidInput(`${where} is not valid JSON.`);
  }
}

async function* lines(text: AsyncIterable<string>, limits: DatasetLimits): AsyncGenerator<{ line: string; number: number }> {
  let rest = '';
  let number = 0;
  const take = (raw: string): string => {
    number += 1;
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    checkRecordLength(line.length, `Line ${number}`, limits);
    return line;
  };
  for await (const piece of text) {
    let at = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', at)) {
      const line = take(rest + piece.slice(at, end));
      rest = '';
      at = end + 1;
      if (line.trim() !== '') yield { line, number };
    }
    rest += piece.slice(at);
    checkRecordLength(rest.length, `Line ${number + 1}`, limits);
  }
  const line = take(rest);
  if (line.trim() !== '') yield { line, number };
}
