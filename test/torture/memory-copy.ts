import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

/** A copy of a memory file and its write-ahead log, to look into with nothing of the server in between. The file itself is only read. */
export class MemoryCopy implements AsyncDisposable {
  readonly #directory: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(directory: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#directory = directory;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @throws the engine's error when the file can't be opened. */
  static async open(path: string): Promise<MemoryCopy> {
    const directory = await mkdtemp(join(tmpdir(), 'violentutf-torture-copy-'));
    try {
      const copy = join(directory, basename(path));
      await copyFile(path, copy);
      await copyFile(`${path}.wal`, `${copy}.wal`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      const instance = await DuckDBInstance.create(':memory:');
      const connection = await instance.connect();
      await connection.run(`attach '${copy}' as store`);
      await connection.run('use store');
      return new MemoryCopy(directory, instance, connection);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** The rows as plain objects; what JSON has no number for is text. */
  async rows<T>(sql: string): Promise<T[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowObjectsJson() as T[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
