import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { UNASSIGNED, type Owner } from './truth.ts';

/** A row that a run received, and what became of it. */
export interface Received {
  readonly file: string;
  readonly table: string;
  readonly row: number;
  readonly noun: string;
  readonly decision: string | null;
  readonly reason: string | null;
}

/** Somebody's memory, read when nothing has it open. */
export class Memory implements AsyncDisposable {
  readonly owner: Owner;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(owner: Owner, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.owner = owner;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @param owner as its own row says, when left out */
  static async open(path: string, owner?: Owner): Promise<Memory> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run(`attach '${path}' as memory_file (read_only)`);
    await connection.run('use memory_file');
    const [own] = (await connection.runAndReadAll('select name from owner')).getRowObjectsJson() as { name: string }[];
    return new Memory(owner ?? own?.name ?? '', instance, connection);
  }

  /** Rows as plain objects, JSON and moments as text. */
  async rows<T>(sql: string, parameters: readonly string[] = []): Promise<T[]> {
    return (await this.#connection.runAndReadAll(sql, [...parameters])).getRowObjectsJson() as T[];
  }

  async tables(): Promise<readonly string[]> {
    const found = await this.rows<{ name: string }>(
      `select table_name as name from duckdb_tables() where database_name = 'memory_file' order by 1`,
    );
    return found.map(({ name }) => name);
  }

  /** Every row of a table as one text. */
  async texts(table: string): Promise<readonly string[]> {
    const rows = await this.rows<{ row: string }>(`select cast(to_json(one) as varchar) as row from (from ${table}) as one`);
    return rows.map(({ row }) => row);
  }

  /** What a run received here. */
  async received(runId: string): Promise<readonly Received[]> {
    return this.rows<Received>(
      `select received.file, received.table_name as table, cast(received.row_number as integer) as row, received.noun, decision, reason
       from import_rows as received
       left join import_decisions as decided on decided.run_id = received.run_id and decided.key = received.key
       where received.run_id = $1 and received.table_name not like '% (%)'`,
      [runId],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

/** Everybody's memories, and that of rows which are nobody's. */
export async function openMemories(place: { readonly memoryDir: string; readonly dataDir: string }): Promise<readonly Memory[]> {
  const files = (await readdir(place.memoryDir)).filter((name) => name.endsWith('.db')).sort();
  const memories: Memory[] = [];
  for (const name of files) memories.push(await Memory.open(join(place.memoryDir, name)));
  memories.push(await Memory.open(join(place.dataDir, 'migration', 'unassigned.db'), UNASSIGNED));
  return memories;
}

export async function closeMemories(memories: readonly Memory[]): Promise<void> {
  for (const memory of memories) await memory[Symbol.asyncDispose]();
}
