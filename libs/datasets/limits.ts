import { QuotaExceeded } from '#core';

/** How large a dataset may be. */
export interface DatasetLimits {
  readonly maxPrompts: number;
  /** In UTF-16 code units, as `String.length` counts. */
  readonly maxPromptLength: number;
}

export const DEFAULT_LIMITS: DatasetLimits = { maxPrompts: 100_000, maxPromptLength: 100_000 };

/** How long one record may be in the file: its prompt with every character escaped, and room for its metadata. */
export function maxRecordLength({ maxPromptLength }: DatasetLimits): number {
  return 6 * maxPromptLength + 65_536;
}

/** @param where the record stands, such as `Line 3`. @throws QuotaExceeded */
export function checkRecordLength(length: number, where: string, limits: DatasetLimits): void {
  const limit = maxRecordLength(limits);
  if (length > limit) throw new QuotaExceeded(`${where} is longer than ${limit} characters; a prompt may have ${limits.maxPromptLength}.`);
}
