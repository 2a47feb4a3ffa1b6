/** One field of an input that is wrong: a JSON pointer (`/parameters/model`), and what to do about it. */
export interface FieldFault {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * The errors that the libraries raise for their callers. Each says what to do; none knows of HTTP, none carries a secret or a prompt.
 * The application maps each class to one problem type.
 */
export abstract class DomainError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** The caller's input is wrong; `faults` names the fields. */
export class InvalidInput extends DomainError {
  constructor(
    message: string,
    readonly faults: readonly FieldFault[] = [],
  ) {
    super(message);
  }
}

/** Nothing of that name exists for this user. The same error answers "it is somebody else's". */
export class NotFound extends DomainError {
  constructor(
    readonly noun: string,
    readonly id: string,
  ) {
    super(`There is no ${noun} ${id}.`);
  }
}

/** The request contradicts the present state: a name is taken, a revision is stale, something is still in use. */
export class Conflict extends DomainError {}

/** A write was based on a revision that is no longer the current one. */
export class StaleRevision extends DomainError {}

/** A limit of this user is reached; the message names the limit and how to get below it. */
export class QuotaExceeded extends DomainError {}

/** It can't be served now, but may be later. */
export class Unavailable extends DomainError {
  constructor(
    message: string,
    readonly retryAfterMs: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The memory that was found is not the one that the catalog names: it is refused rather than replaced. */
export class StoreSwitched extends DomainError {}
