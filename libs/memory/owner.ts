import type { Transaction } from 'kysely';
import { StoreSwitched } from '#core';
import type { MemoryTables, OwnerTable } from './tables.js';

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

export class OwnerWriter {
  constructor(private readonly tx: Transaction<MemoryTables>) {}

  /** Writes the owner of a new store, or compares: a store never changes hands. @throws StoreSwitched */
  async claim(owner: Owner): Promise<void> {
    const present = await new OwnerReader(this.tx).find();
    if (present) assertOwner(present, owner);
    else
      await this.tx
        .insertInto('owner')
        .values({ ...owner, created_at: new Date().toISOString() })
        .execute();
  }

  /** Keeps the aliases beside the data, so that a rebuilt catalog knows them. */
  async setAliases(aliases: readonly string[]): Promise<void> {
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
