import type { ChatMessage } from './message.js';
import type { JsonObject } from './json.js';
import type { Plugin } from './plugin.js';

/** A request to a model: the whole conversation so far, without the system prompt, which is the generator's own. */
export interface GeneratorRequest {
  readonly messages: readonly ChatMessage[];
  /** Aborting it aborts the request on the wire. */
  readonly signal: AbortSignal;
}

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What a model said. `blocked` is the answer of a content filter: an outcome, not an error. */
export interface GeneratorReply {
  readonly kind: 'answered' | 'blocked';
  readonly text: string;
  /** As the endpoint named it (`stop`, `length`, `content_filter` …), or null. */
  readonly finishReason: string | null;
  readonly usage: TokenUsage | null;
}

export type GeneratorFault =
  /** 429, or what the endpoint uses instead. */
  | 'rate-limited'
  /** 5xx, connection refused or reset, name not resolved. */
  | 'unavailable'
  /** The time-out ran out. */
  | 'timeout'
  /** 400, 404, 422 …: sending it again will not help. */
  | 'rejected'
  /** 401 or 403. */
  | 'unauthorized'
  /** The answer is not what the protocol promises: HTML, broken JSON, a missing member, too large. */
  | 'invalid-answer'
  /** Our own policy refuses the address. */
  | 'forbidden-address';

/** A request that brought no answer. The message holds no secret and no prompt. */
export class GeneratorError extends Error {
  override readonly name = 'GeneratorError';
  readonly retryAfterMs: number | null;
  readonly status: number | null;
  /** Whether the request may have reached somebody; false where there was nobody to take it. */
  readonly reached: boolean;
  constructor(
    readonly fault: GeneratorFault,
    message: string,
    details: {
      readonly retryAfterMs?: number | null;
      readonly status?: number | null;
      readonly reached?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.status = details.status ?? null;
    this.reached = details.reached ?? (fault !== 'unavailable' || this.status !== null);
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return this.fault === 'rate-limited' || this.fault === 'unavailable' || this.fault === 'timeout' || this.fault === 'invalid-answer';
  }
}

/** What a generator's owner allows it to send to its endpoint. It binds this person only; the operator's limits bind everybody. */
export interface GeneratorLimits {
  /** At most this many requests at once, at least 1. */
  readonly maxInFlight: number;
  /** Null: as many as there are. */
  readonly requestsPerMinute: number | null;
  /** What is sent and what is answered, together. Null: as many as there are. */
  readonly tokensPerMinute: number | null;
}

/** A compiled generator: a client that sends one request at a time per call and never retries by itself. */
export interface Generator extends AsyncDisposable {
  /** What limits are shared by: the endpoint and a fingerprint of the credential, never the credential itself. */
  readonly limitKey: string;
  readonly limits: GeneratorLimits;
  /** What a million of its tokens cost, or null when nobody said. */
  readonly price: { readonly input: number; readonly output: number } | null;
  /** @throws GeneratorError when there is no answer; the signal's reason when it was aborted. */
  generate(request: GeneratorRequest): Promise<GeneratorReply>;
}

/** The one `fetch` through which every request leaves, as the standard has it. */
export type OutboundFetch = typeof globalThis.fetch;

export interface GeneratorPorts {
  readonly fetch: OutboundFetch;
}

/** A kind of model endpoint. Secret parameters are named in `secrets`; they are never returned, and encrypted before they are stored. */
export interface GeneratorType extends Plugin {
  readonly secrets: readonly string[];
  /** `parameters` passed the schema, with the secrets in clear. */
  create(parameters: JsonObject, ports: GeneratorPorts): Promise<Generator>;
}
