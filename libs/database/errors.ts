import { Conflict, DomainError, Unavailable } from '#core';

/** Another process holds the file. Nothing was created or changed. */
export class DatabaseHeld extends Unavailable {
  constructor(
    readonly database: string,
    /** The process id of the holder, where the engine names it. */
    readonly holderPid: number | null,
    retryAfterMs: number,
  ) {
    const holder = holderPid === null ? 'another process' : `the process ${holderPid}`;
    super(`The database ${database} is held by ${holder}. Stop that process, or wait until it lets go.`, retryAfterMs);
  }
}

/** There is no file where one must be. It is never replaced by an empty one. */
export class DatabaseMissing extends Unavailable {
  constructor(readonly database: string) {
    super(`The database ${database} is missing. Put its file back, or restore a backup: it is not replaced by an empty one.`);
  }
}

/** The file can't be read as what it should be. */
export class DatabaseCorrupt extends Unavailable {
  constructor(
    readonly database: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`The database ${database} can't be read (${reason}). Keep the file and its .wal, and restore a backup.`, null, options);
  }
}

/** The file was written by a newer release. */
export class DatabaseNewer extends Unavailable {
  constructor(database: string, migration: string) {
    super(`The database ${database} was written by a newer release (it has the migration '${migration}'). Upgrade this server to open it.`);
  }
}

/** The same file is already open in this process under another name. Opening it twice would lose rows. */
export class DatabaseOpenTwice extends DomainError {
  constructor(database: string) {
    super(`The file of the database ${database} is already open in this process under another name.`);
  }
}

/** The disk, or the space the process may use, is full. What was acknowledged is safe; this write is not there. */
export class DatabaseFull extends Unavailable {
  constructor(options?: ErrorOptions) {
    super(
      'There is no space left for this database. Free some space and try again; nothing that was acknowledged is lost.',
      30_000,
      options,
    );
  }
}

/** A statement needed more memory than one database may use. It was undone. */
export class DatabaseOutOfMemory extends Unavailable {
  constructor(options?: ErrorOptions) {
    super('This needs more memory than one database may use. Ask for less at once, or try again when there is less to do.', 5_000, options);
  }
}

/** The place can't be written. */
export class DatabaseReadOnly extends Unavailable {
  constructor(options?: ErrorOptions) {
    super('The place of this database is not writable. Make the memory directory writable for the server and try again.', 30_000, options);
  }
}

/** The engine gave this database up; it is reopened at the next use. */
export class DatabaseBroken extends Unavailable {
  constructor(options?: ErrorOptions) {
    super('The database was closed after a fatal error and is being reopened. Try again.', 1_000, options);
  }
}

/** A query was cut off because its database is being closed. */
export class DatabaseClosing extends Unavailable {
  constructor(options?: ErrorOptions) {
    super('The database is being closed. Try again.', 1_000, options);
  }
}

/** It can't be closed for a while, because somebody uses it. Nothing was changed. */
export class DatabaseInUse extends Conflict {
  constructor() {
    super('The database is in use. Try again when nothing is under way in it.');
  }
}

/** A uniqueness or not-null rule refused a row. */
export class ConstraintViolated extends Conflict {
  constructor(options?: ErrorOptions) {
    super('A row with this key is already there, or a required value is missing.', options);
  }
}

/** Two transactions changed the same row; the later one was undone. */
export class WriteConflict extends Unavailable {
  constructor(options?: ErrorOptions) {
    super('The row was changed by someone else at the same time. Try again.', 1_000, options);
  }
}

/** A statement failed for a reason that lies in the program, not in its surroundings. The native message stays in `cause`. */
export class StatementFailed extends DomainError {
  constructor(options?: ErrorOptions) {
    super('The database refused a statement.', options);
  }
}
