export interface RetryBudgetSettings {
  /** What there is at first, and what time alone brings it back to. */
  readonly start: number;
  readonly most: number;
  readonly perAnswer: number;
  readonly perSecond: number;
}

export const RETRY_BUDGET: RetryBudgetSettings = { start: 20, most: 100, perAnswer: 0.5, perSecond: 1 };

/**
 * How many requests may be sent again (Google SRE Book, ch. 21, "retry budgets"): each costs 1, each answer earns a part of one. So an endpoint that
 * fails much is not sent much more than one that answers. A little comes with time, so that whoever waits for the budget is served in the end.
 */
export class RetryBudget {
  #level: number;
  #at = 0;

  constructor(private readonly settings: RetryBudgetSettings) {
    this.#level = settings.start;
  }

  earn(): void {
    this.#level = Math.min(this.settings.most, this.#level + this.settings.perAnswer);
  }

  spend(): void {
    this.#level -= 1;
  }

  /** It was not sent after all. */
  refund(): void {
    this.#level = Math.min(this.settings.most, this.#level + 1);
  }

  /** How long until one may be sent again, if nothing is answered; 0: now. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#level >= 1 ? 0 : Math.ceil(((1 - this.#level) * 1_000) / this.settings.perSecond);
  }

  /** Whether a new budget would be no larger. */
  isRestored(now: number): boolean {
    this.#fill(now);
    return this.#level >= this.settings.start;
  }

  #fill(now: number): void {
    const gained = ((now - this.#at) * this.settings.perSecond) / 1_000;
    this.#at = now;
    if (this.#level < this.settings.start) this.#level = Math.min(this.settings.start, this.#level + gained);
  }
}
