import { sql, type Transaction } from 'kysely';
import { StoreSwitched } from '#core';
import { StatementFailed, type Database } from '#database';
import type { MemoryTables, OwnerAlias, OwnerTable } from './tables.js';

/** Whose memory a store is, as the catalog has it. */
export type Owner = Pick<OwnerTable, 'store_id' | 'user_id' | 'issuer' | 'name' | 'aliases'>;

/** The row by which a store says whose it is: what the catalog is checked against, and can be rebuilt from. */
export class OwnerReader {
  constructor(private readonly db: Transaction<MemoryTables>) {}

  async find(): Promise<OwnerTable | null> {
    const rows = await this.db.selectFrom('owner').selectAll().execute();
    if (rows.length > 1)
      throw new StoreSwitched('This memory names more than one owner. It is refused until an administrator has looked at it.');
    return rows[0] ?? null;
  }
}

export class OwnerWriter extends OwnerReader {
  constructor(private readonly tx: Transaction<MemoryTables>) {
    super(tx);
  }

  /** Writes the owner of a new store, or compares: a store never changes hands. @throws StoreSwitched */
  async claim(owner: Owner): Promise<void> {
    const present = await this.find();
    if (present) assertOwner(present, owner);
    else
      await this.tx
        .insertInto('owner')
        .values({ ...owner, created_at: new Date().toISOString() })
        .execute();
  }

  /** Keeps the aliases beside the data, so that a rebuilt catalog knows them. */
  async setAliases(aliases: readonly OwnerAlias[]): Promise<void> {
    await this.tx.updateTable('owner').set({ aliases }).execute();
  }
}

/** @throws StoreSwitched when the store is not the one that is expected. */
export function assertOwner(present: OwnerTable | null, expected: Owner): void {
  if (present?.store_id === expected.store_id && present.user_id === expected.user_id) return;
  throw new StoreSwitched(
    `The memory of user ${expected.user_id} is not the one that the catalog names: it ${present ? `belongs to user ${present.user_id}` : 'has no owner'}. ` +
      'It is refused, and nothing was changed. An administrator has to put the right file back.',
  );
}

/** The owner of whatever file was opened; none when it has no such table, and so is no memory at all. */
export async function ownerOf(database: Database<MemoryTables>): Promise<OwnerTable | null> {
  try {
    return await database.read((db) => new OwnerReader(db).find());
  } catch (error) {
    if (error instanceof StatementFailed) return null;
    throw error;
  }
}

/**
 * Makes sure that a database can become somebody's memory: it is empty, or holds our tables with nothing in them.
 * @throws StoreSwitched when it is something else, or a memory that has lost its owner.
 */
export async function assertUnused(database: Database<MemoryTables>, expected: Owner): Promise<void> {
  const used = await database.read(async (db) => {
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables
      where table_schema = current_schema() and table_catalog = current_database()`.execute(db);
    const tables = rows.map((row) => row.name);
    if (tables.length > 0 && !tables.includes('schema_migrations')) return true;
    for (const table of tables.filter((name) => name !== 'schema_migrations')) {
      const first = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
      if (first.rows.length > 0) return true;
    }
    return false;
  });
  if (!used) return;
  throw new StoreSwitched(
    `The place of the new memory of user ${expected.user_id} is taken by a database with other content. ` +
      'It is refused, and nothing was changed. An administrator has to move that file away.',
  );
}
