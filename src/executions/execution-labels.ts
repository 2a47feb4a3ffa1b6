import { InvalidInput } from '#core';
import type { CreateExecutionDto } from './create-execution.dto.js';

const MAX_LABELS = 50;

/** The labels of an execution, which every message of it carries. @throws InvalidInput */
export function labelsOf(given: CreateExecutionDto['labels'] = {}): Readonly<Record<string, string>> {
  if (Object.keys(given).length > MAX_LABELS) {
    throw new InvalidInput('The labels are not what this route takes.', [
      { pointer: '/labels', detail: `must not be more than ${MAX_LABELS}: every message carries them` },
    ]);
  }
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== 'string' || key.length > 200 || value.length > 1_000) {
      throw new InvalidInput('The labels are not what this route takes.', [
        { pointer: `/labels/${key.slice(0, 200)}`, detail: 'must be a text of at most 1,000 characters under a key of at most 200' },
      ]);
    }
  }
  return given;
}
