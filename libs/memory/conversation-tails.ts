/** The most conversations whose last sequence is kept at hand. */
const CAPACITY = 50_000;

interface Tail {
  last: number;
  /** How many writes have taken numbers and are not at their end. */
  pending: number;
  /** Whether the store has to be asked again once none is pending. */
  stale: boolean;
}

/**
 * The last sequence of conversations: kept, not searched. It belongs to the one writer of a store, so a number is given out once, in the order of
 * asking, whoever asks. Numbers follow each other without a gap, unless a write fails while later ones to the same conversation are under way.
 */
export class ConversationTails {
  /** In the order of last use. */
  readonly #tails = new Map<string, Tail>();
  #newest: string | null = null;
  #forgotten = '';
  #distrusted = 0;

  /**
   * Whether the tail is at hand, or the conversation certainly new: ids of version 7 grow with time, so one beyond all that the store had, and
   * beyond all that were forgotten since, has not been there.
   */
  knows(conversationId: string): boolean {
    if (this.#tails.has(conversationId)) return true;
    return this.#newest !== null && isTimeOrdered(conversationId) && conversationId > this.#newest && conversationId > this.#forgotten;
  }

  /** How often writes that failed or deleted have made it forget: a tail that was read before that is not to be relied on. */
  get distrusted(): number {
    return this.#distrusted;
  }

  /** Whether it was told the newest conversation of the store. */
  get ready(): boolean {
    return this.#newest !== null;
  }

  /** @param newest the greatest conversation id of version 7 in the store, or null when there is none. */
  start(newest: string | null): void {
    this.#newest ??= newest ?? '';
  }

  /** Takes in the tail of a conversation as the store has it, -1 for none. What is at hand already is later, and stays. */
  learn(conversationId: string, last: number): void {
    if (!this.#tails.has(conversationId)) this.#tails.set(conversationId, { last, pending: 0, stale: false });
  }

  /** Opens the account of one write. */
  reservations(): Reservations {
    return new Reservations(this);
  }

  /** The tail of a conversation that it knows, as the one last used. */
  use(conversationId: string): Tail {
    const tail = this.#tails.get(conversationId) ?? { last: -1, pending: 0, stale: false };
    this.#tails.delete(conversationId);
    this.#tails.set(conversationId, tail);
    if (this.#tails.size > CAPACITY) this.#evict();
    return tail;
  }

  /** Forgets a conversation whose tail may be another than it thinks. */
  distrust(conversationId: string): void {
    this.#distrusted += 1;
    this.#forget(conversationId);
  }

  #forget(conversationId: string): void {
    if (!this.#tails.delete(conversationId)) return;
    if (isTimeOrdered(conversationId) && conversationId > this.#forgotten) this.#forgotten = conversationId;
  }

  /** Forgets every conversation, those with writes under way at their end. */
  forgetAll(): void {
    this.#distrusted += 1;
    for (const [conversationId, tail] of this.#tails) {
      tail.stale = true;
      if (tail.pending === 0) this.#forget(conversationId);
    }
  }

  #evict(): void {
    for (const [conversationId, tail] of this.#tails) {
      if (tail.pending > 0) continue;
      this.#forget(conversationId);
      return;
    }
  }
}

/** The numbers that one write has taken. */
export class Reservations {
  readonly #taken = new Map<string, Tail>();
  #deleted = false;

  constructor(readonly tails: ConversationTails) {}

  /** Takes `count` sequence numbers of a conversation that the tails know, and returns the first. */
  reserve(conversationId: string, count: number): number {
    const tail = this.#taken.get(conversationId) ?? this.tails.use(conversationId);
    if (!this.#taken.has(conversationId)) {
      tail.pending += 1;
      this.#taken.set(conversationId, tail);
    }
    const first = tail.last + 1;
    tail.last += count;
    return first;
  }

  /** Takes note that messages are deleted, so that no tail can be relied on afterwards. */
  deletes(): void {
    this.#deleted = true;
  }

  /** @param written whether the write is durable; else its numbers are given out again. */
  end(written: boolean): void {
    for (const [conversationId, tail] of this.#taken) {
      tail.pending -= 1;
      tail.stale ||= !written;
      if (tail.stale && tail.pending === 0) this.tails.distrust(conversationId);
    }
    if (this.#deleted) this.tails.forgetAll();
  }
}

function isTimeOrdered(id: string): boolean {
  return id[14] === '7';
}
