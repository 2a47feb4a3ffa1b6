import type { FindingReason } from '../finding.js';

/** An error of the engine, by what it means for the file. The native message stays in `cause`: it may quote paths and values. */
export class DuckDbFault extends Error {
  constructor(
    readonly reason: FindingReason | 'memory',
    detail: string,
    /** Where in the log the first entry lies that can't be replayed, in bytes. */
    readonly logPosition: number | null = null,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}

/** Size and checksum, which stand before each entry of the log; the engine counts from behind them. */
export const LOG_ENTRY_HEAD_BYTES = 16;

/** An error of the engine as it was translated. @throws any other error as it is: it is one of the program. */
export function faultIn(error: unknown): DuckDbFault {
  if (error instanceof DuckDbFault) return error;
  throw error;
}

/** The engine's errors carry no code, only words; this is the one place here that reads them. */
export function translate(error: unknown): DuckDbFault {
  const { message = '' } = (error ?? {}) as { message?: string };
  const options = { cause: error };
  const fault = (reason: DuckDbFault['reason'], detail: string): DuckDbFault => new DuckDbFault(reason, detail, null, options);
  if (/but we can only read versions/.test(message))
    return fault('newer-format', 'It was written by a newer DuckDB than this server has. Upgrade the server, then scan again.');
  if (/encrypted database|encryption/i.test(message))
    return fault('encrypted', 'It is an encrypted DuckDB database. Decrypt it with the key of whoever made it, then scan again.');
  if (/replaying WAL|WAL file|WAL entry/.test(message)) {
    const position = /entry at byte position (\d+)/.exec(message);
    const at = position ? Number(position[1]) - LOG_ENTRY_HEAD_BYTES : null;
    return new DuckDbFault('log-damaged', "Its write-ahead log can't be replayed as it is.", at, options);
  }
  if (/Out of Memory Error|failed to (?:pin|allocate)|could not allocate/i.test(message))
    return fault('memory', 'A row takes more memory than reading one file may use.');
  if (/No space left|max_temp_directory_size/i.test(message))
    return fault('no-space', 'There is no space for the private copy that it is read from. Free some, then try again.');
  if (/enough bytes/.test(message)) return fault('truncated', 'The file is cut off. Look for a longer copy of it, or a backup.');
  if (/Corrupt|checksum|not a valid DuckDB|Serialization Error|Failed to deserialize|INTERNAL Error|FATAL Error/i.test(message))
    return fault('damaged', 'The file is damaged. Look for an undamaged copy of it, or a backup.');
  return fault('failed', "The engine can't read it. It may use something that this server has not, or be damaged.");
}
