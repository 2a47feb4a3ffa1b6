import type { Candidate } from './candidate.js';
import { DuckDbSource } from './engines/duckdb-source.js';
import { PrivateCopy } from './engines/private-copy.js';
import { SqliteSource } from './engines/sqlite-source.js';
import { FileRefused, fileSystemFinding, type Finding } from './finding.js';
import { DEFAULT_LIMITS, type LegacyDatabase, type OpenOptions } from './source.js';

/**
 * Opens an old database for reading, or says why not. The sources are read once, to be copied; logs are replayed in the copy, which is removed when
 * the database is disposed of. Give back what you opened: `await using`.
 */
export async function openLegacy(candidate: Candidate, options: OpenOptions): Promise<LegacyDatabase | Finding> {
  const limits = { ...DEFAULT_LIMITS, ...options };
  try {
    const copy = await PrivateCopy.of(candidate, options);
    try {
      const source = candidate.engine === 'duckdb' ? DuckDbSource : SqliteSource;
      return await source.open(candidate, copy, limits);
    } catch (error) {
      await copy[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    return error instanceof FileRefused ? error.finding : fileSystemFinding(candidate.path, error);
  }
}

/** Whether opening gave a finding instead of a database. */
export function isFinding(opened: LegacyDatabase | Finding): opened is Finding {
  return 'reason' in opened;
}
