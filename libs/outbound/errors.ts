import { DomainError } from '#core';

/** Our own policy refuses to talk to this host. What it resolves to is not told: that would let users map the operator's network. */
export class AddressRefused extends DomainError {
  /** @param host as written in the URL, with its port where one is given. */
  constructor(readonly host: string) {
    super(
      `Requests to '${host}' are refused: it is, or resolves to, a private or reserved address. ` +
        `If it is meant to be reached, the operator can list it in GENERATOR_ALLOW_PRIVATE.`,
    );
  }
}

/** The answer was cut off because it is larger than the cap. */
export class AnswerTooLarge extends DomainError {
  constructor(
    readonly host: string,
    readonly maxBytes: number,
  ) {
    super(`The answer of '${host}' is larger than ${maxBytes} bytes and was cut off.`);
  }
}

/** The answer breaks HTTP itself: an encoding that can't be undone, a header or status that no response can have. */
export class UnreadableAnswer extends DomainError {
  constructor(host: string, what: string, options?: ErrorOptions) {
    super(`The answer of '${host}' can't be read: ${what}.`, options);
  }
}
