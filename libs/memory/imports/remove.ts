import type { Transaction } from 'kysely';
import type { Reservations } from '../conversation-tails.js';
import type { MemoryTables } from '../tables.js';
import { PART_TABLES, ROW_TABLES, isPart, type PartNoun } from './noun-tables.js';
import { removeParts } from './parts.js';

/** Takes rows of one noun away, with what goes with them. Of parts the ids are those of their executions. */
export async function remove(
  tx: Transaction<MemoryTables>,
  reservations: Reservations,
  noun: keyof typeof ROW_TABLES | PartNoun,
  rows: readonly { readonly id: string; readonly source_id: string | null }[],
): Promise<void> {
  if (rows.length === 0) return;
  if (isPart(noun)) {
    const places = rows.map(({ id, source_id }) => ({ executionId: id, key: source_id ?? '' }));
    await removeParts(tx, PART_TABLES[noun], places);
    return;
  }
  const ids = rows.map(({ id }) => id);
  if (noun === 'message') {
    await tx.deleteFrom('long_texts').where('message_id', 'in', ids).execute();
    reservations.deletes();
  }
  if (noun === 'dataset') await tx.deleteFrom('prompts').where('dataset_id', 'in', ids).execute();
  await tx.deleteFrom(ROW_TABLES[noun]).where('id', 'in', ids).execute();
}
