import type { FindingReason } from '../finding.js';

/** Result codes of SQLite (https://sqlite.org/rescode.html), without their extensions. */
const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const TOO_BIG = 18;
const NOT_A_DATABASE = 26;

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function codeOf(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}

/** Whether SQLite could not read something, while it may read other things. @throws any other error as it is: it is one of the program */
export function assertFault(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') throw error;
}

export function reasonOf(error: unknown): FindingReason {
  const code = codeOf(error);
  if (code === CORRUPT) return 'damaged';
  if (code === NOT_A_DATABASE) return 'encrypted';
  if (code === FULL) return 'no-space';
  return code === BUSY ? 'held' : 'failed';
}

/** What is wrong and what to do about it; never the engine's own words, which may quote what is in the file. */
export function messageOf(error: unknown): string {
  switch (codeOf(error)) {
    case CORRUPT:
      return 'The file is damaged. Look for an undamaged copy of it, or a backup.';
    case NOT_A_DATABASE:
      return 'Its pages are not those of an SQLite database: they are encrypted, or damaged. Look for the key, or a backup.';
    case FULL:
      return 'There is no space for the private copy that it is read from. Free some, then try again.';
    case TOO_BIG:
      return 'A row is larger than SQLite can read.';
    default:
      return "SQLite can't read it. It may use something that this server has not, or be damaged.";
  }
}
