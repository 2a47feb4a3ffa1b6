import { InvalidInput, QuotaExceeded, type SeedPrompt } from '#core';
import { csvRecords } from './csv.js';
import type { DatasetFormat } from './formats.js';
import { jsonRecords } from './json-array.js';
import { DEFAULT_LIMITS, type DatasetLimits } from './limits.js';
import { jsonLineRecords, textRecords } from './lines.js';
import { toSeedPrompt, type PlacedRecord } from './records.js';
import { utf8Text } from './utf8-text.js';

type Reader = (text: AsyncIterable<string>, limits: DatasetLimits) => AsyncGenerator<PlacedRecord>;

const READERS: Readonly<Record<DatasetFormat, Reader>> = { csv: csvRecords, jsonl: jsonLineRecords, json: jsonRecords, text: textRecords };

const BATCH_PROMPTS = 1_000;
/** Batches of long prompts are smaller, so that one never takes more than a few megabytes. */
const BATCH_CHARACTERS = 1_000_000;

/**
 * Reads a file of prompts, in the order of the file, in batches of at most 1,000. It holds one batch and one record at a time; a file
 * is refused as soon as its fault is met, when earlier batches have been given out already.
 * @throws InvalidInput naming the line, prompt or byte; QuotaExceeded naming the limit; whatever reading `bytes` throws.
 */
export async function* parseDataset(
  format: DatasetFormat,
  bytes: AsyncIterable<Uint8Array>,
  options: Partial<DatasetLimits> = {},
): AsyncGenerator<SeedPrompt[]> {
  const limits = { ...DEFAULT_LIMITS, ...options };
  let batch: SeedPrompt[] = [];
  let characters = 0;
  let prompts = 0;
  for await (const { record, where } of READERS[format](utf8Text(bytes), limits)) {
    const prompt = toSeedPrompt(record, where, limits);
    if (++prompts > limits.maxPrompts) {
      throw new QuotaExceeded(`A dataset may have ${limits.maxPrompts} prompts, and this file has more. Split it into several datasets.`);
    }
    batch.push(prompt);
    characters += prompt.value.length;
    if (batch.length < BATCH_PROMPTS && characters < BATCH_CHARACTERS) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (prompts === 0) throw new InvalidInput('The file holds no prompt.');
  if (batch.length > 0) yield batch;
}
