import { DomainError } from '#core';
import {
  ConstraintViolated,
  DatabaseBroken,
  DatabaseClosing,
  DatabaseCorrupt,
  DatabaseFull,
  DatabaseHeld,
  DatabaseOutOfMemory,
  DatabaseReadOnly,
  StatementFailed,
  WriteConflict,
} from '../errors.js';

/** The classes whose messages quote values and SQL, so that nothing but the class itself may be believed. */
const QUOTING = /^(Constraint|Conversion|Invalid Input|Parser|Binder|Catalog) Error:/;

/** Whether the engine has given the database up: only closing and reopening helps. */
export function isFatal(error: unknown): boolean {
  const message = messageOf(error);
  return /^(FATAL|INTERNAL) Error/.test(message) || (!QUOTING.test(message) && unquoted(message).includes('has been invalidated'));
}

/** Whether a database could not be attached or folded in because somebody still looks at it, or at what was attached before. Asks what `translate` made. */
export function isLookedAt(error: unknown): boolean {
  if (!(error instanceof StatementFailed)) return false;
  return /^(Binder Error: Unique file handle conflict|TransactionContext Error: Cannot CHECKPOINT)/.test(messageOf(error.cause));
}

/** The text of a native error, also of one that was made in another realm and is no `Error` of ours. */
function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

/** What a message says before it quotes a key. */
function unquoted(message: string): string {
  return message.split('duplicate key')[0] ?? '';
}

/**
 * The engine's errors carry no code, only a class before the first colon; this is the one place that reads them.
 * Native messages can quote values, so they stay in `cause` and never become our message.
 * @param name what to call the database in a message.
 */
export function translate(error: unknown, name: string): Error {
  if (error instanceof DomainError) return error;
  const whole = messageOf(error);
  const options = { cause: error };
  if (whole.startsWith('Constraint Error')) return new ConstraintViolated(options);
  if (QUOTING.test(whole)) return new StatementFailed(options);
  const message = unquoted(whole);
  const holder = /Conflicting lock is held in .*?\(PID (\d+)\)/.exec(message);
  if (holder) return new DatabaseHeld(name, Number(holder[1]), 1_000);
  if (/Could not set lock on file/.test(message)) return new DatabaseHeld(name, null, 1_000);
  // Without regard to case: what the file system refuses to Node is said in small letters.
  if (/No space left on device|Disk quota exceeded|File too large|Out of Range Error: .*max_temp_directory_size/i.test(message))
    return new DatabaseFull(options);
  if (isFatal(error)) return new DatabaseBroken(options);
  if (/Out of Memory Error|failed to (pin|allocate) block/.test(message)) return new DatabaseOutOfMemory(options);
  if (message.startsWith('INTERRUPT Error')) return new DatabaseClosing(options);
  if (/^TransactionContext Error: (Conflict|Failed to commit: (PRIMARY KEY|write-write|Conflict))/i.test(message))
    return new WriteConflict(options);
  if (/Read-only file system|Permission denied|Cannot open file/i.test(message)) return new DatabaseReadOnly(options);
  if (/not a valid DuckDB database file|Corrupt|checksum|Could not read enough bytes|replaying WAL|Serialization Error/i.test(message)) {
    return new DatabaseCorrupt(name, reasonOf(message), options);
  }
  return new StatementFailed(options);
}

function reasonOf(message: string): string {
  if (/not a valid DuckDB/.test(message)) return 'it is not a DuckDB database';
  if (/WAL/.test(message)) return 'its write-ahead log is damaged';
  if (/enough bytes/.test(message)) return 'it is cut off';
  return 'its checksums do not match';
}
