/** Somebody in a line. */
export interface Waiter {
  /** Estimated, of the request and its answer. */
  readonly tokens: number;
  readonly signal: AbortSignal;
  /** Lets it go on. Called once, after it was taken out of its line. */
  readonly grant: (now: number) => void;
}

interface Link {
  readonly waiter: Waiter;
  before: Link | null;
  behind: Link | null;
}

/** First come, first served; whoever gives up leaves from anywhere in the line, however long it is, in the same time. */
export class Line {
  #first: Link | null = null;
  #last: Link | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): Waiter | null {
    return this.#first?.waiter ?? null;
  }

  /** @returns how to leave. */
  join(waiter: Waiter): () => void {
    const link: Link = { waiter, before: this.#last, behind: null };
    if (this.#last) this.#last.behind = link;
    else this.#first = link;
    this.#last = link;
    this.#length += 1;
    return () => this.#remove(link);
  }

  /** Takes the first one out. */
  shift(): Waiter | null {
    const link = this.#first;
    if (link) this.#remove(link);
    return link?.waiter ?? null;
  }

  #remove(link: Link): void {
    if (link.before) link.before.behind = link.behind;
    else this.#first = link.behind;
    if (link.behind) link.behind.before = link.before;
    else this.#last = link.before;
    this.#length -= 1;
  }
}
