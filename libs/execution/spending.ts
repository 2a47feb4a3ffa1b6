import type { TokenUsage } from '#core';

/** What an execution may spend; null for as much as it takes. */
export interface SpendingLimits {
  readonly maxRequests: number | null;
  readonly maxTokens: number | null;
  /** In the currency of the prices. */
  readonly maxCost: number | null;
}

export interface Spent {
  /** Requests to all models, retries included. */
  readonly requests: number;
  /** Tokens of requests and answers, as far as endpoints say them. */
  readonly tokens: number;
  /** Of those tokens that have a price. */
  readonly cost: number;
}

/** What a million tokens cost. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

const PER = 1_000_000;

export function costOf(usage: TokenUsage, price: Price | null): number {
  return price ? (usage.inputTokens * price.input + usage.outputTokens * price.output) / PER : 0;
}

/**
 * What an execution has spent, and its limits. Requests are counted before they are sent, so there is never one too many; tokens and cost are
 * known only afterwards, so those that were on the wire when a limit was reached still count.
 */
export class Spending {
  readonly #stop = new AbortController();
  #requests: number;
  #tokens: number;
  #cost: number;

  constructor(
    private readonly limits: SpendingLimits,
    spent: Spent,
  ) {
    this.#requests = spent.requests;
    this.#tokens = spent.tokens;
    this.#cost = spent.cost;
    this.#compare();
  }

  /** Aborted with a `SpendingLimitReached` when nothing more may be sent. */
  get reached(): AbortSignal {
    return this.#stop.signal;
  }

  get spent(): Spent {
    return { requests: this.#requests, tokens: this.#tokens, cost: this.#cost };
  }

  /** Takes account of a request before it is sent. @throws SpendingLimitReached when it must not be. */
  request(): void {
    const { maxRequests } = this.limits;
    if (maxRequests !== null && this.#requests >= maxRequests) {
      this.#reach(`It may send no more than ${maxRequests} requests (maxRequests). Resume it with a higher limit to go on.`);
    }
    this.reached.throwIfAborted();
    this.#requests += 1;
  }

  /** Takes back a request that was not sent after all. */
  unsent(): void {
    this.#requests -= 1;
  }

  /** Takes account of an answer. @param price of whoever answered. */
  answer(usage: TokenUsage | null, price: Price | null): void {
    const { maxTokens, maxCost } = this.limits;
    if (usage) {
      this.#tokens += usage.inputTokens + usage.outputTokens;
      this.#cost += costOf(usage, price);
      this.#compare();
    } else if (maxTokens !== null || maxCost !== null) {
      this.#reach(
        'The endpoint does not say how many tokens it used, so maxTokens and maxCost can not be kept. Resume it with maxRequests instead.',
      );
    }
  }

  #compare(): void {
    const { maxTokens, maxCost } = this.limits;
    const again = 'Resume it with a higher limit to go on.';
    if (maxTokens !== null && this.#tokens >= maxTokens)
      this.#reach(`It has used ${this.#tokens} of the ${maxTokens} tokens that it may (maxTokens). ${again}`);
    if (maxCost !== null && this.#cost >= maxCost) {
      this.#reach(`It has cost ${Number(this.#cost.toFixed(6))} of the ${maxCost} that it may (maxCost). ${again}`);
    }
  }

  #reach(reason: string): void {
    this.#stop.abort(new SpendingLimitReached(reason));
  }
}

/** An execution has spent what it may. */
export class SpendingLimitReached extends Error {
  override readonly name = 'SpendingLimitReached';
}
