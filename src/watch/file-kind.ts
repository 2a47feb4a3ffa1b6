import { open } from 'node:fs/promises';
import { PROBE } from '../config/data-files.js';

/** What a file is by its first bytes. */
export type FileKind = 'duckdb' | 'sqlite' | 'other';

const SQLITE = 'SQLite format 3\0';
const DUCKDB = 'DUCK';
const DUCKDB_AT = 8;

/** Only for a file that this process does not have open: to close it here would give up the engine's lock on it. */
export async function fileKind(path: string): Promise<FileKind> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SQLITE.length), 0, SQLITE.length, 0);
    const head = buffer.toString('latin1', 0, bytesRead);
    if (head === SQLITE) return 'sqlite';
    return head.startsWith(DUCKDB, DUCKDB_AT) ? 'duckdb' : 'other';
  } finally {
    await file.close();
  }
}

/** Whether a file would be taken for a database by its name. */
export function isNamedLikeADatabase(file: string): boolean {
  return /\.(?:db|duckdb|sqlite3?)$/i.test(file);
}

/** Whether a file comes and goes without being news: a log, a folder for spilling or a draft of a database beside it, or what a readiness check makes. */
export function isPassing(file: string): boolean {
  if (file === PROBE) return true;
  return /\.(?:wal|wal\.checkpoint|wal\.recovery|tmp)$|\.(?:new-[0-9a-f-]{36}|copy-draft)(?:\.wal.*)?$|-(?:wal|shm|journal)$/.test(file);
}
