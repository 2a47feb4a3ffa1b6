import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { columnsOf, type Table } from './table.ts';

/**
 * Writes an SQLite file.
 * @param keepLog leaves it open with its rows in the log alone: nothing but the end of the process may close it then.
 */
export function writeSqlite(path: string, tables: readonly Table[], keepLog = false): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec(keepLog ? 'pragma journal_mode = wal; pragma wal_autocheckpoint = 0' : 'pragma synchronous = off');
  for (const table of tables) database.exec(table.create);
  if (keepLog) database.exec('pragma wal_checkpoint(truncate)');
  database.exec('begin');
  for (const table of tables) {
    const columns = columnsOf(table);
    if (columns.length === 0) continue;
    const insert = database.prepare(`insert into ${table.name} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`);
    for (const { cells } of table.rows) insert.run(...columns.map((column) => cells[column] ?? null));
  }
  database.exec('commit');
  if (!keepLog) database.close();
  return database;
}
