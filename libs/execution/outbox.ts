import type { ExecutionEvent } from '#core';

interface Posted {
  readonly events: readonly ExecutionEvent[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One batch holds about this many events, and as many characters of texts; what was posted together is never torn apart. */
const MAX_BATCH = 1_000;
const MAX_TEXT = 4 * 1024 * 1024;

/**
 * Where events wait to be remembered. Whoever iterates `batches` acknowledges a batch by asking for the next one: only then are those who posted
 * it told. While one batch is on its way to the disk, the next one gathers.
 */
export class Outbox {
  #posted: Posted[] = [];
  #wake: (() => void) | null = null;
  readonly #closing = new AbortController();

  /** Aborted, before anybody who posted is told, when nobody will remember anything any more. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Resolves when the events are remembered, all of them or none. Rejects when nobody will remember them any more. */
  post(events: readonly ExecutionEvent[]): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.closed.aborted) {
        reject(new OutboxClosed());
        return;
      }
      this.#posted.push({ events, resolve, reject });
      this.#wake?.();
    });
  }

  /** Yields until `finished` resolves and everything posted was yielded; rejects with what `finished` rejects with. */
  async *batches(finished: Promise<void>): AsyncGenerator<ExecutionEvent[]> {
    let done = false;
    const settle = (): void => {
      done = true;
      this.#wake?.();
    };
    finished.then(settle, settle);
    let current: Posted[] = [];
    try {
      for (;;) {
        if (this.#posted.length === 0) {
          if (done) break;
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = null;
          continue;
        }
        current = this.#take();
        yield current.flatMap((posted) => posted.events);
        for (const posted of current) posted.resolve();
        current = [];
        // Those who were just told may post at once: their events belong into the next batch.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await finished;
    } finally {
      this.#closing.abort(new OutboxClosed());
      for (const posted of [...current, ...this.#posted.splice(0)]) posted.reject(new OutboxClosed());
    }
  }

  #take(): Posted[] {
    let events = 0;
    let text = 0;
    let count = 0;
    for (const posted of this.#posted) {
      events += posted.events.length;
      for (const event of posted.events) text += textOf(event);
      if (count > 0 && (events > MAX_BATCH || text > MAX_TEXT)) break;
      count += 1;
    }
    return this.#posted.splice(0, count);
  }
}

/** How many characters an event carries, of those that can be many. */
function textOf(event: ExecutionEvent): number {
  if (event.kind !== 'attempt-answered' || event.exchange === null) return 0;
  const { original, converted, response } = event.exchange;
  return original.length + converted.length + response.length;
}

/** What was posted was not remembered, and will not be. */
export class OutboxClosed extends Error {
  override readonly name = 'OutboxClosed';
  constructor() {
    super('Nobody remembers the events of this execution any more.');
  }
}
