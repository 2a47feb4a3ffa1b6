import { rename, stat, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Candidate } from '../candidate.js';
import { FileRefused, finding, type Finding } from '../finding.js';
import type { ColumnShape, LegacyDatabase, Limits, LostRows, SourceRow, TableShape } from '../source.js';
import { identifier } from './duckdb-cells.js';
import { DuckDbEngine, SOURCE } from './duckdb-engine.js';
import { DuckDbFault, faultIn } from './duckdb-faults.js';
import { wholeLogBytes } from './duckdb-log.js';
import { DuckDbRows } from './duckdb-rows.js';
import type { PrivateCopy } from './private-copy.js';

/** An old DuckDB file, read from its private copy. */
export class DuckDbSource implements LegacyDatabase {
  private constructor(
    readonly candidate: Candidate,
    private readonly copy: PrivateCopy,
    private readonly engine: DuckDbEngine,
    readonly findings: readonly Finding[],
    readonly tables: readonly TableShape[],
    private readonly limits: Limits,
  ) {}

  /** @throws FileRefused */
  static async open(candidate: Candidate, copy: PrivateCopy, limits: Limits): Promise<DuckDbSource> {
    const findings: Finding[] = [];
    if (candidate.role === 'orphan-log') {
      await DuckDbEngine.create(copy.database, limits);
      await rename(copy.orphan, copy.pathOf('log'));
    }
    const engine = await attach(candidate, copy, limits, findings);
    try {
      const tables = await tablesOf(engine);
      for (const { name, rows } of tables)
        if (rows === null)
          findings.push(finding(candidate.path, 'damaged', `Its table ${name} can't be read. Look for an undamaged copy of the file.`));
      return new DuckDbSource(candidate, copy, engine, findings, tables, limits);
    } catch (error) {
      engine.close();
      throw refused(candidate, faultIn(error));
    }
  }

  rows(table: TableShape): AsyncGenerator<SourceRow | LostRows> {
    return new DuckDbRows(this.engine, table, this.limits.maxRowBytes, join(this.copy.folder, 'page.json')).read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.engine.close();
    await this.copy[Symbol.asyncDispose]();
  }
}

function refused(candidate: Candidate, fault: DuckDbFault): FileRefused {
  if (fault.reason === 'memory') {
    const detail = 'To open it takes more memory than reading one file may use. Raise the memory limit, then try again.';
    return new FileRefused(finding(candidate.path, 'failed', detail), { cause: fault });
  }
  return new FileRefused(finding(candidate.path, fault.reason, fault.message), { cause: fault });
}

/** Attaches the copy. A log that can't be replayed to its end is cut before the damage; one that can't be replayed at all is left out. */
async function attach(candidate: Candidate, copy: PrivateCopy, limits: Limits, findings: Finding[]): Promise<DuckDbEngine> {
  const log = copy.pathOf('log');
  const say = (reason: 'log-torn' | 'log-damaged', detail: string): void => void findings.push(finding(candidate.path, reason, detail));
  let size = await sizeOf(log);
  const whole = size > 0 ? await wholeLogBytes(log) : null;
  if (whole !== null && whole < size)
    say(
      'log-torn',
      `The last ${size - whole} of ${size} bytes of its log are no whole entry and were left out: its process ended while it wrote, or the log is damaged there.`,
    );
  for (;;) {
    try {
      return await DuckDbEngine.attach(copy.database, copy.folder, limits);
    } catch (error) {
      const fault = faultIn(error);
      if (fault.reason !== 'log-damaged' || size === 0) throw refused(candidate, fault);
      const at = fault.logPosition;
      if (at !== null && at > 0 && at < size) {
        await truncate(log, at);
        say(
          'log-damaged',
          `Its log is damaged. What was committed in its first ${at} of ${size} bytes was read; what came after is lost, unless there is another copy.`,
        );
        size = at;
      } else {
        await rename(log, `${log}.left-out`);
        say(
          'log-damaged',
          `Its log of ${size} bytes can't be replayed (it is damaged, or ${basename(candidate.path)} is not its file) and was left out. Look for another copy.`,
        );
        size = 0;
      }
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function tablesOf(engine: DuckDbEngine): Promise<readonly TableShape[]> {
  const listed = await engine.rows(
    `select c.schema_name, c.table_name, c.column_name, c.data_type, c.is_nullable
     from duckdb_columns() c join duckdb_tables() t on t.table_oid = c.table_oid and t.database_name = c.database_name and t.schema_name = c.schema_name
     where c.database_name = '${SOURCE}' and not t.internal and not t.temporary
     order by c.schema_name, c.table_name, c.column_index`,
  );
  const shapes = new Map<string, { schema: string; name: string; columns: ColumnShape[] }>();
  for (const [schema, name, column, type, nullable] of listed as [string, string, string, string, boolean][]) {
    const key = JSON.stringify([schema, name]);
    const shape = shapes.get(key) ?? { schema, name, columns: [] };
    shapes.set(key, shape);
    shape.columns.push({ name: column, type: type.toUpperCase(), nullable });
  }
  const tables: TableShape[] = [];
  for (const shape of shapes.values()) tables.push({ ...shape, rows: await rowsIn(engine, shape.schema, shape.name) });
  return tables;
}

async function rowsIn(engine: DuckDbEngine, schema: string, name: string): Promise<number | null> {
  try {
    const [row] = await engine.rows(`select count(*) from ${SOURCE}.${identifier(schema)}.${identifier(name)}`);
    return Number(row?.[0]);
  } catch (error) {
    const fault = faultIn(error);
    if (fault.reason === 'timeout') throw fault;
    return null;
  }
}
