import { DatabaseClosing } from '../errors.js';
import type { Connection } from './connection.js';
import type { ConnectionSource } from './dialect.js';

interface Waiter {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: unknown) => void;
}

/** Up to `max` connections for reading, opened when first needed and lent in order of arrival. */
export class ReaderPool implements ConnectionSource {
  #idle: Connection[] = [];
  readonly #lent = new Set<Connection>();
  readonly #opening = new Set<Promise<Connection>>();
  #waiting: Waiter[] = [];
  #closed = false;
  #whenUnused: (() => void) | null = null;

  constructor(
    private readonly connect: () => Promise<Connection>,
    private readonly max: number,
  ) {}

  async acquire(): Promise<Connection> {
    if (this.#closed) throw new DatabaseClosing();
    const idle = this.#idle.pop();
    if (idle) return this.#lend(idle);
    if (this.#lent.size + this.#opening.size >= this.max) {
      return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
    return this.#open();
  }

  release(connection: Connection): void {
    this.#lent.delete(connection);
    const next = this.#waiting.shift();
    if (next) next.resolve(this.#lend(connection));
    else this.#idle.push(connection);
    this.#tellUnused();
  }

  /** Refuses new readers, and resolves when those that came before are done. */
  async drain(): Promise<void> {
    this.#closed = true;
    await new Promise<void>((resolve) => {
      this.#whenUnused = resolve;
      this.#tellUnused();
    });
  }

  /** Turns waiting readers away, cuts off running ones and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new DatabaseClosing());
    await Promise.allSettled(this.#opening);
    await Promise.all([...this.#lent, ...this.#idle.splice(0)].map((connection) => connection.close()));
  }

  async #open(): Promise<Connection> {
    const opening = this.connect();
    this.#opening.add(opening);
    try {
      return this.#lend(await opening);
    } catch (error) {
      // Whoever waits for a connection would wait for ever: let the next one see for itself.
      const next = this.#waiting.shift();
      if (next) this.#open().then(next.resolve, next.reject);
      throw error;
    } finally {
      this.#opening.delete(opening);
      this.#tellUnused();
    }
  }

  #lend(connection: Connection): Connection {
    this.#lent.add(connection);
    return connection;
  }

  #tellUnused(): void {
    if (this.#lent.size + this.#opening.size + this.#waiting.length === 0) this.#whenUnused?.();
  }
}
