import { readFile, stat } from 'node:fs/promises';
import type { ColumnShape, SourceRow } from '../source.js';
import { cellsOf, expressionOf } from './duckdb-cells.js';
import type { DuckDbEngine } from './duckdb-engine.js';
import { DuckDbFault } from './duckdb-faults.js';

/** Longest stretch of parsing before other work of the process gets its turn, in milliseconds. */
const TURN_MS = 8;
const NEWLINE = 10;

/**
 * A few rows of a table, on their way through a file in the private folder. Results of the driver are freed only when the garbage collector comes by,
 * which knows nothing of their size: a large table would fill the memory with them.
 */
export class DuckDbPage {
  constructor(
    private readonly engine: DuckDbEngine,
    /** Where the page is written; there is one at a time. */
    private readonly path: string,
    /** The table, as SQL names it. */
    private readonly from: string,
  ) {}

  /** Has the engine write the rows from one number to before another. @returns the size of the page in bytes @throws DuckDbFault */
  async write(columns: readonly ColumnShape[], from: number, to: number): Promise<number> {
    const values = columns.map(expressionOf).join(', ');
    const selection = `select rowid as r, [${values}] as c from ${this.from} where rowid >= ${from} and rowid < ${to}`;
    await this.engine.run(`copy (${selection}) to '${this.path.replaceAll("'", "''")}' (format json, use_tmp_file false)`);
    return (await stat(this.path).catch(unreachable)).size;
  }

  /** The rows that were written last. */
  async *read(columns: readonly ColumnShape[], damaged: readonly string[]): AsyncGenerator<SourceRow> {
    const bytes = await readFile(this.path).catch(unreachable);
    let turn = performance.now();
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, at);
      const { r, c } = JSON.parse(bytes.toString('utf8', at, end < 0 ? bytes.length : end)) as { r: number; c: readonly (string | null)[] };
      yield { kind: 'row', rowId: r, cells: cellsOf(columns, c), damaged };
      at = end < 0 ? bytes.length : end + 1;
      if (performance.now() - turn > TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    }
  }
}

function unreachable(error: unknown): never {
  const detail = "Its private copy can't be reached any more. Look whether something empties the temporary folder, then try again.";
  throw new DuckDbFault('failed', detail, null, { cause: error });
}
