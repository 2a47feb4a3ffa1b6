import type { GeneratorError, GeneratorLimits } from '#core';

/** A request that wants to be sent. */
export interface Ask {
  /** Who sends it: users take turns. */
  readonly user: string;
  /** Those of its generator. */
  readonly limits: GeneratorLimits;
  readonly itemId: string;
  /** Estimated, of what is sent. */
  readonly inputTokens: number;
  /** It was sent before, and was too much for the endpoint: then it needs the retry budget. */
  readonly again: boolean;
}

/** A place in the queue of an endpoint, and then the slot that it leads to. */
export interface Place {
  /** Waits for a slot. */
  enter(): Promise<void>;
  /** It was answered. @param tokens of the request and the answer together. */
  answered(tokens: number): void;
  /** It was not. @returns whether the endpoint is held to be down, so that this says nothing of the request. */
  failed(failure: GeneratorError): boolean;
  /** Gives back whatever is held. Idempotent. */
  release(): void;
}

/** How an endpoint is doing. Times are in milliseconds from now. */
export interface LimitState {
  /** `open`: it only fails, and is left alone; `half-open`: it is tried whether it is back. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** When it is tried again; null while the breaker is closed. */
  readonly retryInMs: number | null;
  /** How long the breaker has not been closed; 0 while it is. */
  readonly downForMs: number;
  /** How long it has asked to be left alone (Retry-After), else 0. */
  readonly heldForMs: number;
  /** Of all users. */
  readonly inFlight: number;
  /** How many requests may be on the wire at present, of all users. */
  readonly window: number;
  /** How many requests wait, of all users. */
  readonly waiting: number;
  /** How many requests it has refused because there were too many, since it was first used or last forgotten. */
  readonly throttled: number;
  /** Of this user. */
  readonly own: { readonly inFlight: number; readonly waiting: number };
}
