/** The most conversations whose last sequence is kept at hand. */
const CAPACITY = 50_000;

/**
 * The last sequence of conversations: kept, not searched. It belongs to the one writer of a store, so a number is given out once, in the order of
 * asking, whoever asks.
 */
export class ConversationTails {
  readonly #last = new Map<string, number>();

  /**
   * Reserves `count` sequence numbers and returns the first.
   * @param stored the last sequence in the store, asked for only when the tail is not at hand; -1 for none.
   */
  reserve(conversationId: string, count: number, stored: number): number {
    const last = Math.max(this.#last.get(conversationId) ?? -1, stored);
    this.#last.delete(conversationId);
    this.#last.set(conversationId, last + count);
    if (this.#last.size > CAPACITY)
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest);
        break;
      }
    return last + 1;
  }

  knows(conversationId: string): boolean {
    return this.#last.has(conversationId);
  }
}
