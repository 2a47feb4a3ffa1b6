import type { ColumnShape, LostRows, SourceRow, TableShape } from '../source.js';
import { identifier } from './duckdb-cells.js';
import { SOURCE, type DuckDbEngine } from './duckdb-engine.js';
import { DuckDbFault, faultIn } from './duckdb-faults.js';
import { DuckDbPage } from './duckdb-page.js';

const FIRST_PAGE_ROWS = 16;
const MOST_PAGE_ROWS = 2048;
/** What a page should weigh, and what it may weigh at most if it is not a single row, in bytes. */
const PAGE_BYTES = 2 * 1024 * 1024;
const MOST_PAGE_BYTES = 8 * 1024 * 1024;
/** How much longer a text can be as JSON. */
const ESCAPED = 6;
const DAMAGE: readonly DuckDbFault['reason'][] = ['damaged', 'truncated'];

/**
 * Reads a table in pages of row numbers. The engine then loads only what a page needs, however long its texts are, and a damaged block costs the
 * rows, or the columns, that lie in it and not the rest of the table.
 */
export class DuckDbRows {
  readonly #from: string;
  readonly #page: DuckDbPage;
  #pageRows = FIRST_PAGE_ROWS;

  constructor(
    private readonly engine: DuckDbEngine,
    private readonly table: TableShape,
    private readonly maxRowBytes: number,
    /** A file for the pages, in the private folder. */
    pageFile: string,
  ) {
    this.#from = `${SOURCE}.${identifier(table.schema)}.${identifier(table.name)}`;
    this.#page = new DuckDbPage(engine, pageFile, this.#from);
  }

  async *read(): AsyncGenerator<SourceRow | LostRows> {
    let seen = 0;
    if (this.table.columns.some(({ name }) => name.toLowerCase() === 'rowid')) {
      yield { kind: 'lost', rowId: null, rows: this.table.rows, reason: 'A column of it hides the numbers of its rows.' };
      return;
    }
    try {
      const end = await this.#end();
      for (let from = 0; from < end;) {
        const to = Math.min(from + this.#pageRows, end);
        let bytes = 0;
        for await (const row of this.#range(from, to)) {
          seen += row.kind === 'row' ? 1 : (row.rows ?? 0);
          bytes += row.kind === 'row' ? weightOf(row) : 0;
          yield row;
        }
        this.#pace(to - from, bytes);
        from = to;
      }
    } catch (error) {
      const lost = this.table.rows === null ? null : this.table.rows - seen;
      if (lost !== 0) yield { kind: 'lost', rowId: null, rows: lost, reason: faultIn(error).message };
    }
  }

  /** One more than the last row number. */
  async #end(): Promise<number> {
    const [row] = await this.engine.rows(`select coalesce(max(rowid) + 1, 0) from ${this.#from}`);
    return Number(row?.[0]);
  }

  /** Pages grow while they are light, and shrink at once when they are heavy. */
  #pace(rows: number, bytes: number): void {
    if (rows < this.#pageRows) return;
    const fitting = bytes === 0 ? MOST_PAGE_ROWS : Math.floor((rows * PAGE_BYTES) / bytes);
    this.#pageRows = Math.max(1, Math.min(fitting, rows * 2, MOST_PAGE_ROWS));
  }

  async *#range(from: number, to: number): AsyncGenerator<SourceRow | LostRows> {
    let bytes: number;
    try {
      bytes = await this.#page.write(this.table.columns, from, to);
    } catch (error) {
      const fault = faultIn(error);
      if (fault.reason === 'memory') yield* this.#heavy(from, to, fault.message);
      else if (!DAMAGE.includes(fault.reason)) throw fault;
      else if (to - from > 1 && !(await this.#damagedThroughout(from, to))) yield* this.#halves(from, to);
      else yield* this.#undamaged(from, to);
      return;
    }
    if (bytes > (to - from > 1 ? MOST_PAGE_BYTES : ESCAPED * this.maxRowBytes)) yield* this.#heavy(from, to, this.#tooLarge());
    else for await (const row of this.#page.read(this.table.columns, [])) yield this.#bounded(row);
  }

  /** Rows that are too heavy to be read together, or one that is too heavy to be read at all. */
  async *#heavy(from: number, to: number, reason: string): AsyncGenerator<SourceRow | LostRows> {
    if (to - from > 1) yield* this.#halves(from, to);
    else yield { kind: 'lost', rowId: from, rows: 1, reason };
  }

  async *#halves(from: number, to: number): AsyncGenerator<SourceRow | LostRows> {
    this.#pageRows = Math.max(1, Math.min(this.#pageRows, (to - from) >> 1));
    const middle = from + ((to - from) >> 1);
    yield* this.#range(from, middle);
    yield* this.#range(middle, to);
  }

  #bounded(row: SourceRow): SourceRow | LostRows {
    return weightOf(row) <= this.maxRowBytes ? row : { kind: 'lost', rowId: row.rowId, rows: 1, reason: this.#tooLarge() };
  }

  #tooLarge(): string {
    return `The row is larger than ${this.maxRowBytes} bytes.`;
  }

  /** Whether these columns of these rows can be read. */
  async #readable(columns: readonly ColumnShape[], from: number, to: number): Promise<boolean> {
    return this.#page.write(columns, from, to).then(
      () => true,
      (error: unknown) => {
        const fault = faultIn(error);
        if (!DAMAGE.includes(fault.reason)) throw fault;
        return false;
      },
    );
  }

  /**
   * Whether a range that can't be read as a whole can't be read anywhere: what is damaged is a run of rows, so five of them tell. Otherwise it would be
   * halved down to each single row.
   */
  async #damagedThroughout(from: number, to: number): Promise<boolean> {
    const last = to - 1 - from;
    const probes = new Set([0, last >> 2, last >> 1, (3 * last) >> 2, last].map((offset) => from + offset));
    for (const at of probes) if (await this.#readable(this.table.columns, at, at + 1)) return false;
    return true;
  }

  /** What is left of rows some of whose columns are damaged. */
  async *#undamaged(from: number, to: number): AsyncGenerator<SourceRow | LostRows> {
    const good: ColumnShape[] = [];
    for (const column of this.table.columns) if (await this.#readable([column], from, to)) good.push(column);
    const damaged = this.table.columns.filter((column) => !good.includes(column)).map(({ name }) => name);
    await this.#page.write(good, from, to);
    for await (const row of this.#page.read(good, damaged)) yield this.#bounded(row);
  }
}

function weightOf({ cells }: SourceRow): number {
  let weight = 0;
  for (const cell of Object.values(cells)) weight += typeof cell === 'string' ? cell.length : 8;
  return weight;
}
