import { DatabaseSync } from 'node:sqlite';
import type { Candidate } from '../candidate.js';
import { FileRefused, finding, type Finding } from '../finding.js';
import type { ColumnShape, LegacyDatabase, Limits, LostRows, SourceRow, TableShape } from '../source.js';
import type { PrivateCopy } from './private-copy.js';
import { assertFault, identifier, messageOf, reasonOf } from './sqlite-faults.js';
import { SqliteRows } from './sqlite-rows.js';

/** Bytes of the head of an SQLite log, and of each of its frames beside the page. */
const LOG_HEAD_BYTES = 32;

/**
 * An old SQLite file, read from its private copy with the SQLite that is built into Node. That runs on this very thread: rows are taken one by one,
 * and other work of the process gets its turn between them.
 */
export class SqliteSource implements LegacyDatabase {
  private constructor(
    readonly candidate: Candidate,
    private readonly copy: PrivateCopy,
    private readonly database: DatabaseSync,
    readonly findings: readonly Finding[],
    readonly tables: readonly TableShape[],
    private readonly limits: Limits,
  ) {}

  /** @throws FileRefused */
  static async open(candidate: Candidate, copy: PrivateCopy, limits: Limits): Promise<SqliteSource> {
    let database: DatabaseSync | null = null;
    try {
      // Not read-only: after a crash the journal beside the copy has to be rolled back first.
      database = new DatabaseSync(copy.database, { enableForeignKeyConstraints: false, allowExtension: false });
      database.enableDefensive(true);
      database.exec('pragma trusted_schema = off; pragma mmap_size = 0; pragma cache_size = -8192');
      const findings: Finding[] = [];
      if (logIgnored(database, candidate))
        findings.push(
          finding(
            candidate.path,
            'log-damaged',
            'Its write-ahead log was left out: it is damaged, or belongs to another file. Look for another copy.',
          ),
        );
      database.exec('pragma query_only = on');
      const tables = tablesOf(database);
      for (const { name, rows } of tables)
        if (rows === null)
          findings.push(
            finding(candidate.path, 'damaged', `Its table ${name} can't be read to its end. Look for an undamaged copy of the file.`),
          );
      return new SqliteSource(candidate, copy, database, findings, tables, limits);
    } catch (error) {
      database?.close();
      assertFault(error);
      throw new FileRefused(finding(candidate.path, reasonOf(error), messageOf(error)), { cause: error });
    }
  }

  rows(table: TableShape): AsyncGenerator<SourceRow | LostRows> {
    return new SqliteRows(this.database, table, this.limits.maxRowBytes).read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close();
    await this.copy[Symbol.asyncDispose]();
  }
}

/** Whether there is a log with frames of which none counts. SQLite leaves such a log out without a word. */
function logIgnored(database: DatabaseSync, candidate: Candidate): boolean {
  const log = candidate.companions.find(({ role }) => role === 'log');
  if (!log || log.size <= LOG_HEAD_BYTES) return false;
  database.prepare('select count(*) from sqlite_schema').get();
  const state = database.prepare('pragma wal_checkpoint(passive)').get();
  return Number(state?.['log']) <= 0;
}

function tablesOf(database: DatabaseSync): readonly TableShape[] {
  const tables: TableShape[] = [];
  // Virtual tables would run code of extensions, and their shadow tables mean nothing without them.
  const listed = database.prepare(`select name from pragma_table_list where schema = 'main' and type = 'table' order by name`).all();
  for (const name of listed.map((row) => String(row['name'])).filter((name) => !name.startsWith('sqlite_'))) {
    const columns: ColumnShape[] = database
      .prepare('select name, type, "notnull" as required, pk from pragma_table_xinfo(?) where hidden in (0, 2, 3)')
      .all(name)
      .map((row) => ({ name: String(row['name']), type: String(row['type']).toUpperCase(), nullable: row['required'] === 0 }));
    tables.push({ schema: 'main', name, columns, rows: rowsIn(database, name) });
  }
  return tables;
}

function rowsIn(database: DatabaseSync, name: string): number | null {
  try {
    return Number(database.prepare(`select count(*) as rows from ${identifier(name)} not indexed`).get()?.['rows']);
  } catch (error) {
    assertFault(error);
    return null;
  }
}
