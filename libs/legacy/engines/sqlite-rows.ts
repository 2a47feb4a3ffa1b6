import { isUtf8 } from 'node:buffer';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Cell, Cells, LostRows, SourceRow, TableShape } from '../source.js';
import { assertFault, identifier, messageOf } from './sqlite-faults.js';

/** Longest stretch of reading before other work of the process gets its turn, in milliseconds. */
const TURN_MS = 8;

const SMALLEST_ROW_ID = -(2n ** 63n);

/** The names of the row number; a column may have one of them. */
const ROW_IDS = ['rowid', '_rowid_', 'oid'];

type Direction = 'asc' | 'desc';

/**
 * Reads a table row by row, in the order of the row numbers. Their sizes are asked for first, which loads nothing, so that one row that is too large
 * is reported and the others are read. Where the file is damaged, the rows behind the damage are read from the end.
 */
export class SqliteRows {
  readonly #from: string;
  /** What the row number is called. Tables without are read by position, and only forward. */
  readonly #rowId: string | null;
  #seen = 0;
  #turn = performance.now();

  constructor(
    private readonly database: DatabaseSync,
    private readonly table: TableShape,
    private readonly maxRowBytes: number,
  ) {
    this.#from = identifier(table.name);
    const names = new Set(table.columns.map(({ name }) => name.toLowerCase()));
    this.#rowId = this.#hasRowIds() ? (ROW_IDS.find((name) => !names.has(name)) ?? null) : null;
  }

  async *read(): AsyncGenerator<SourceRow | LostRows> {
    if (this.#rowId === null) {
      yield* this.#unnumbered();
      return;
    }
    const forward = yield* this.#walk('asc', SMALLEST_ROW_ID);
    if (forward.whole) return;
    yield* this.#walk('desc', forward.last);
    yield* this.#rest(forward.error);
  }

  /** Reads in one direction until the end, or the damage, or a row that was read already. */
  async *#walk(
    direction: Direction,
    after: bigint,
  ): AsyncGenerator<SourceRow | LostRows, { whole: boolean; last: bigint; error: unknown }> {
    const sizes = this.table.columns.map(({ name }) => `coalesce(octet_length(${identifier(name)}), 0)`).join(' + ');
    const scan = this.database.prepare(
      `select ${this.#rowId} as r, ${sizes} as bytes from ${this.#from} not indexed where ${this.#rowId} ${direction === 'asc' ? '>=' : '>'} ? order by ${this.#rowId} ${direction}`,
    );
    scan.setReadBigInts(true);
    const pick = this.database.prepare(`select ${this.#columns()} from ${this.#from} not indexed where ${this.#rowId} = ?`);
    pick.setReadBigInts(true);
    pick.setReturnArrays(true);
    let last = after;
    try {
      for (const { r, bytes } of scan.iterate(after)) {
        const number = r as bigint;
        const rowId = Number(number);
        const values = Number(bytes) <= this.maxRowBytes ? (pick.get(number) as unknown as readonly SQLOutputValue[]) : null;
        last = number;
        this.#seen += 1;
        if (values) yield { kind: 'row', rowId, cells: this.#cells(values, number), damaged: [] };
        else yield { kind: 'lost', rowId, rows: 1, reason: `The row is larger than ${this.maxRowBytes} bytes.` };
        await this.#giveWay();
      }
      return { whole: true, last, error: null };
    } catch (error) {
      assertFault(error);
      return { whole: false, last, error };
    }
  }

  async *#unnumbered(): AsyncGenerator<SourceRow | LostRows> {
    const scan = this.database.prepare(`select ${this.#columns()} from ${this.#from}`);
    scan.setReadBigInts(true);
    scan.setReturnArrays(true);
    try {
      for (const values of scan.iterate() as unknown as Iterable<readonly SQLOutputValue[]>) {
        yield { kind: 'row', rowId: this.#seen, cells: this.#cells(values, null), damaged: [] };
        this.#seen += 1;
        await this.#giveWay();
      }
    } catch (error) {
      assertFault(error);
      yield* this.#rest(error);
    }
  }

  *#rest(error: unknown): Generator<LostRows> {
    const rows = this.table.rows === null ? null : this.table.rows - this.#seen;
    if (rows !== 0) yield { kind: 'lost', rowId: null, rows, reason: messageOf(error) };
  }

  #columns(): string {
    return this.table.columns.map(({ name }) => identifier(name)).join(', ');
  }

  #cells(values: readonly SQLOutputValue[], rowId: bigint | null): Cells {
    return Object.fromEntries(this.table.columns.map(({ name }, index) => [name, this.#cell(values[index] ?? null, name, rowId)]));
  }

  #cell(value: SQLOutputValue, column: string, rowId: bigint | null): Cell {
    if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'string' && value.includes('\ufffd') && rowId !== null) return this.#exact(value, column, rowId);
    return value;
  }

  /** A text with a replacement character: if that stands for bytes that are no text, the bytes. */
  #exact(text: string, column: string, rowId: bigint): Cell {
    const row = this.database
      .prepare(`select cast(${identifier(column)} as blob) as bytes from ${this.#from} where ${this.#rowId} = ?`)
      .get(rowId);
    const bytes = row?.['bytes'];
    const stored = bytes instanceof Uint8Array ? Buffer.from(bytes) : null;
    // In a database of UTF-16 the bytes are never those of the text.
    return stored && !isUtf8(stored) && this.#encoding() === 'UTF-8' ? { base64: stored.toString('base64') } : text;
  }

  #encoding(): string {
    return String(this.database.prepare('pragma encoding').get()?.['encoding']);
  }

  #hasRowIds(): boolean {
    const row = this.database.prepare(`select wr from pragma_table_list where schema = 'main' and name = ?`).get(this.table.name);
    return row?.['wr'] === 0;
  }

  async #giveWay(): Promise<void> {
    if (performance.now() - this.#turn <= TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#turn = performance.now();
  }
}
