import type { DuckDBConnection, DuckDBMaterializedResult, DuckDBPreparedStatement, DuckDBValue } from '@duckdb/node-api';
import { DatabaseClosing } from '../errors.js';
import { isFatal, translate } from './native-errors.js';
import { rowsOf, toParameter } from './values.js';

export interface ConnectionOwner {
  /** What to call the database in a message. */
  readonly name: string;
  /** Told once the engine has given the database up. */
  onFatal(error: unknown): void;
}

/** What is worth preparing: the statements that come again. */
const REPEATED = /^\s*(select|with|insert|update|delete)\b/i;
const MOST_PREPARED = 100;

/**
 * One connection to an attached file. It knows whether a statement is running: closing a connection then would hang for ever, so `close`
 * interrupts and waits first.
 */
export class Connection {
  #running = new Set<Promise<unknown>>();
  readonly #prepared = new Map<string, DuckDBPreparedStatement>();
  #refusing = false;

  constructor(
    private readonly native: DuckDBConnection,
    private readonly owner: ConnectionOwner,
  ) {}

  async query(sql: string, parameters: readonly unknown[] = []): Promise<{ rows: Record<string, unknown>[]; changed: number }> {
    return this.#guard(async () => {
      const values = parameters.map(toParameter);
      const result = await (REPEATED.test(sql) ? this.#runPrepared(sql, values) : this.native.run(sql, values));
      const rows: Record<string, unknown>[] = [];
      for await (const slice of rowsOf(result)) for (const row of slice) rows.push(row);
      return { rows, changed: result.rowsChanged };
    });
  }

  async *stream(sql: string, parameters: readonly unknown[] = []): AsyncGenerator<Record<string, unknown>[]> {
    const result = await this.#guard(() => this.native.stream(sql, parameters.map(toParameter)));
    const slices = rowsOf(result);
    for (;;) {
      const { done, value } = await this.#guard(() => slices.next());
      if (done) return;
      yield value;
    }
  }

  async execute(sql: string): Promise<void> {
    await this.#guard(() => this.native.run(sql));
  }

  /** Runs a statement, with at most one parameter, a text, that is prepared once and kept: one step of the engine instead of three. */
  async executePrepared(sql: string, parameter?: string): Promise<void> {
    await this.#guard(() => this.#runPrepared(sql, parameter === undefined ? [] : [parameter]));
  }

  /** Undoes the open transaction, if there is one. */
  async rollback(): Promise<void> {
    // There may be no transaction left (a fatal error, a failed commit): then there is nothing to undo.
    await this.execute('rollback').catch(() => undefined);
  }

  /** Stops the statement that is running, if any, and refuses further ones: whoever uses it is told that the database is closing. */
  async cutOff(): Promise<void> {
    this.#refusing = true;
    while (this.#running.size > 0) {
      this.native.interrupt();
      await Promise.allSettled(this.#running);
    }
  }

  /** Cuts off, undoes what was left open, and runs the last statements of this connection. */
  async conclude(...statements: readonly string[]): Promise<void> {
    await this.cutOff();
    await this.native.run('rollback').catch(() => undefined);
    for (const statement of statements) await this.native.run(statement);
  }

  async close(): Promise<void> {
    await this.cutOff();
    for (const statement of this.#prepared.values()) statement.destroySync();
    this.#prepared.clear();
    this.native.closeSync();
  }

  /**
   * The statements of a connection are prepared once: preparing takes longer than running most of them. One that runs is taken out, so that
   * nobody binds other values to it meanwhile.
   */
  async #runPrepared(sql: string, values: DuckDBValue[]): Promise<DuckDBMaterializedResult> {
    const known = this.#prepared.get(sql);
    this.#prepared.delete(sql);
    const statement = known ?? (await this.native.prepare(sql));
    try {
      if (values.length > 0) statement.bind(values);
      return await statement.run();
    } finally {
      this.#keep(sql, statement);
    }
  }

  #keep(sql: string, statement: DuckDBPreparedStatement): void {
    this.#prepared.get(sql)?.destroySync();
    this.#prepared.set(sql, statement);
    for (const [oldest, forgotten] of this.#prepared) {
      if (this.#prepared.size <= MOST_PREPARED) return;
      this.#prepared.delete(oldest);
      forgotten.destroySync();
    }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#refusing) throw new DatabaseClosing();
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      if (isFatal(error)) this.owner.onFatal(error);
      throw translate(error, this.owner.name);
    } finally {
      this.#running.delete(running);
    }
  }
}
