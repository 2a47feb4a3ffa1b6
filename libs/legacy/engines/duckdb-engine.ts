import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection, type DuckDBMaterializedResult, type DuckDBValue } from '@duckdb/node-api';
import type { Limits } from '../source.js';
import { DuckDbFault, translate } from './duckdb-faults.js';

/** How long an interrupted statement has to end, in milliseconds. */
const INTERRUPT_MS = 10_000;

/** The name under which a copy is attached. */
export const SOURCE = 'source';

/**
 * An engine for one private copy: a `:memory:` instance with the copy attached for reading only, so that a log is replayed in memory, and a fatal
 * error ends this instance and no other. It can reach nothing but the private folder.
 */
export class DuckDbEngine {
  /** A statement that did not even end when it was interrupted: to close the engine under it would hang for ever. */
  #stuck = false;

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly limits: Limits,
  ) {}

  /** @param folder the private folder of the copy @throws DuckDbFault */
  static async attach(path: string, folder: string, limits: Limits): Promise<DuckDbEngine> {
    const engine = await DuckDbEngine.#start(limits);
    try {
      // Before anything else: a long log is replayed in memory, and spills.
      await engine.run(`set temp_directory = ${quote(join(folder, 'spill'))}`);
      await engine.run(`attach ${quote(path)} as ${SOURCE} (type duckdb, read_only)`, limits.openTimeoutMs);
      await engine.run(
        `set allowed_directories = [${quote(folder)}];
         set enable_external_access = false;
         set lock_configuration = true;`,
      );
      return engine;
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  /** Makes an empty database. */
  static async create(path: string, limits: Limits): Promise<void> {
    const engine = await DuckDbEngine.#start(limits);
    try {
      await engine.run(`attach ${quote(path)} as made; detach made`);
    } finally {
      engine.close();
    }
  }

  static async #start(limits: Limits): Promise<DuckDbEngine> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: `${limits.memoryLimitMb}MB`,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return new DuckDbEngine(instance, await instance.connect(), limits);
  }

  /** Runs a statement, whole, within a time. @throws DuckDbFault, with the reason `timeout` when it takes longer */
  async run(sql: string, timeoutMs = this.limits.stepTimeoutMs): Promise<DuckDBMaterializedResult> {
    if (this.#stuck) throw late();
    const running = this.connection.run(sql);
    const result = await within(running, timeoutMs).catch((error: unknown) => {
      throw translate(error);
    });
    if (result !== LATE) return result;
    this.connection.interrupt();
    const ended = await within(
      running.catch(() => null),
      INTERRUPT_MS,
    );
    this.#stuck = ended === LATE;
    throw late();
  }

  /** The rows of a short result. @throws DuckDbFault */
  async rows(sql: string): Promise<DuckDBValue[][]> {
    return (await this.run(sql)).getRows();
  }

  close(): void {
    if (this.#stuck) return;
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

const LATE = Symbol('late');

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | typeof LATE> {
  const { promise, resolve } = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(resolve, timeoutMs, LATE);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function late(): DuckDbFault {
  return new DuckDbFault(
    'timeout',
    'It took longer than it may. Raise the time that reading a file may take, or look at the file by hand.',
  );
}

/** A path or a name as a literal: `attach` and `set` take no parameters. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
