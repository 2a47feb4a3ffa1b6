import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { columnsOf, type Table } from './table.ts';

/** The smallest there are: with the usual ones of 256 KB, 200 files of few rows would take 660 MB. */
const BLOCK_BYTES = 16_384;

/** A statement with its one parameter, if it has any. */
export interface Statement {
  readonly sql: string;
  readonly json: string | null;
}

/** What makes tables with their rows, in order. Every value goes as text: the engine makes of it what its column is. */
export function statementsOf(tables: readonly Table[]): readonly Statement[] {
  return tables.flatMap((table) => {
    const made = { sql: table.create, json: null };
    if (table.rows.length === 0) return [made];
    const shape = JSON.stringify([Object.fromEntries(columnsOf(table).map((column) => [column, 'VARCHAR']))]);
    const sql = `insert into "${table.name}" by name select cells.* from (select unnest(from_json($1::json, '${shape}')) as cells)`;
    return [made, { sql, json: JSON.stringify(table.rows.map(({ cells }) => cells)) }];
  });
}

/** Writes DuckDB files, one after the other, each closed and whole when it is written. */
export class DuckDbFiles implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async create(): Promise<DuckDbFiles> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    return new DuckDbFiles(instance, await instance.connect());
  }

  /** @param key encrypts the file */
  async write(path: string, tables: readonly Table[], key?: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    if (key !== undefined) await this.#connection.run('set force_mbedtls_unsafe = true');
    const encryption = key === undefined ? '' : `, encryption_key '${key}'`;
    await this.#connection.run(`attach '${path}' as made (block_size ${BLOCK_BYTES}${encryption})`);
    await this.#connection.run('use made');
    for (const statement of statementsOf(tables)) await runStatement(this.#connection, statement);
    await this.#connection.run('use memory');
    await this.#connection.run('detach made');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

export async function runStatement(connection: DuckDBConnection, { sql, json }: Statement): Promise<void> {
  await (json === null ? connection.run(sql) : connection.run(sql, [json]));
}
