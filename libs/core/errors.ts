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

/** A token carries a new name of somebody who has a memory, as it seems: nobody new is made of it, and nobody is let into that memory by a guess. */
export class IdentityChanged extends DomainError {
  constructor(
    /** Who has the memory. */
    readonly userId: string,
    readonly storeId: string,
  ) {
    super(
      'Your token names somebody who was never here, but carries a name by which a person with a memory is known. Nothing was made, and nothing is ' +
        `lost. Ask an administrator: if you are that person, they bind your new name to it (POST /api/v2/users/${userId}/aliases); if you are ` +
        `not, they say so (POST /api/v2/users/${userId}/strangers).`,
    );
  }
}

/** The memory that was found is not the one that the catalog names: it is refused rather than replaced. */
export class StoreSwitched extends DomainError {}
