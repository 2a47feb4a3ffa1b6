import { ITEM_STATES, type Coverage, type ExecutionEvent, type ItemState } from '#core';

/** The coverage of a running execution, kept from what has become durable. */
export class Tally {
  readonly #counts: Record<ItemState, number>;

  constructor(private readonly start: Coverage) {
    this.#counts = Object.fromEntries(ITEM_STATES.map((state) => [state, start[state]])) as Record<ItemState, number>;
  }

  /** Counts a batch that is durable. */
  add(events: readonly ExecutionEvent[]): void {
    for (const event of events) {
      if (event.kind !== 'item-settled') continue;
      this.#counts.open -= 1;
      this.#counts[event.state] += 1;
    }
  }

  coverage(): Coverage {
    return { planned: this.start.planned, ...this.#counts };
  }
}
