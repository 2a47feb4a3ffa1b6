import { sql } from 'kysely';
import type { Database, Migrations } from './database.js';
import { DatabaseNewer } from './errors.js';

interface MigrationTables {
  schema_migrations: { name: string; applied_at: string };
}

/**
 * Brings a database forward: each missing step in a transaction of its own with its entry in `schema_migrations`, then a checkpoint, because a
 * DDL statement left in the log makes recovery fragile. There is no way back but a backup.
 * @returns the names of the steps that were run.
 * @throws DatabaseNewer when it has a step that this release does not know.
 */
export async function migrate<Tables>(
  database: Database<Tables>,
  migrations: Migrations<Tables>,
  name: string,
): Promise<readonly string[]> {
  const ledger = database as unknown as Database<MigrationTables>;
  const applied = await appliedTo(ledger);
  for (const step of applied) if (!Object.hasOwn(migrations, step)) throw new DatabaseNewer(name, step);
  const missing = Object.entries(migrations).filter(([step]) => !applied.has(step));
  for (const [step, run] of missing) {
    await database.transact(async (tx) => {
      const moment = sql.raw(database.capabilities.momentType);
      await sql`create table if not exists schema_migrations (name varchar not null primary key, applied_at ${moment} not null)`.execute(
        tx,
      );
      await run(tx, database.capabilities);
      await sql`insert into schema_migrations values (${step}, ${new Date().toISOString()})`.execute(tx);
    });
  }
  if (missing.length > 0) await database.checkpoint();
  return missing.map(([step]) => step);
}

/** The steps that a database does not have yet, in their order. */
export async function pendingMigrations<Tables>(database: Database<Tables>, migrations: Migrations<Tables>): Promise<readonly string[]> {
  const applied = await appliedTo(database as unknown as Database<MigrationTables>);
  return Object.keys(migrations).filter((step) => !applied.has(step));
}

async function appliedTo(database: Database<MigrationTables>): Promise<Set<string>> {
  return database.read(async (db) => {
    const tables = await sql<{ found: number }>`
      select count(*) as found from information_schema.tables
      where table_name = 'schema_migrations' and table_schema = current_schema() and table_catalog = current_database()`.execute(db);
    if (tables.rows[0]?.found === 0) return new Set();
    const rows = await db.selectFrom('schema_migrations').select('name').execute();
    return new Set(rows.map((row) => row.name));
  });
}
