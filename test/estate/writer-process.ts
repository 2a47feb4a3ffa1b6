// A process that writes databases, says so, and holds them open for ever: see killed-writer.ts.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runStatement, statementsOf } from './duckdb-file.ts';
import type { Assignment } from './killed-writer.ts';
import { writeSqlite } from './sqlite-file.ts';

/** So that nothing closes them. */
const held: unknown[] = [];

// For as long as somebody listens, the process lives.
process.on('message', (assignments: readonly Assignment[]) => {
  write(assignments).then(
    () => process.send?.('written'),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function write(assignments: readonly Assignment[]): Promise<void> {
  for (const { path, engine, tables } of assignments) {
    await mkdir(dirname(path), { recursive: true });
    if (engine === 'sqlite') {
      held.push(writeSqlite(path, tables, true));
      continue;
    }
    const instance = await DuckDBInstance.create(path, { threads: '1' });
    const connection = await instance.connect();
    held.push(instance, connection);
    for (const statement of statementsOf(tables)) await runStatement(connection, statement);
  }
}
