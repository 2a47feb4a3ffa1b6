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
  readonly #all = new Set<Connection>();
  #opening = 0;
  #waiting: Waiter[] = [];
  #closed = false;

  constructor(
    private readonly connect: () => Promise<Connection>,
    private readonly max: number,
  ) {}

  async acquire(): Promise<Connection> {
    if (this.#closed) throw new DatabaseClosing();
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#all.size + this.#opening >= this.max) {
      return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
    this.#opening += 1;
    try {
      const connection = await this.connect();
      this.#all.add(connection);
      return connection;
    } finally {
      this.#opening -= 1;
    }
  }

  release(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(connection);
    else this.#idle.push(connection);
  }

  /** Turns waiting readers away, cuts off running ones and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new DatabaseClosing());
    await Promise.all([...this.#all].map((connection) => connection.close()));
    this.#all.clear();
  }
}
