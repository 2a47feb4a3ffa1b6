import type { Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import { rowHash } from './canonical.js';
import type { ImportProvenance } from './import-row.js';
import type { Displaced } from './names.js';
import { NAMED_TABLES, type NamedNoun } from './noun-tables.js';
import type { SettleContext } from './staged.js';
import type { ImportRenameTable } from './tables.js';
import type { Meant } from './verify.js';

/**
 * Gives what is there already another name, as a new revision where it has revisions, and notes it, so that it can get its name back.
 * @returns how the rows are to be afterwards.
 */
export async function rename(
  { tx, insert, runId, chunk }: SettleContext,
  noun: NamedNoun,
  renames: readonly (Displaced & { readonly cause: ImportProvenance })[],
): Promise<Meant[]> {
  const table = NAMED_TABLES[noun];
  const noted: ImportRenameTable[] = [];
  const meant: Meant[] = [];
  for (const { id, from, to, cause } of renames) {
    const hash = await setName(tx, noun, id, to, 1);
    noted.push({ run_id: runId, chunk, noun, id, old_name: from, new_name: to, row_hash: hash });
    meant.push({ table, id, hash, from: cause });
  }
  await insert({ import_renames: noted });
  return meant;
}

/** @returns the canonical hash of the row as it is to be. */
export async function setName(
  tx: Transaction<MemoryTables>,
  noun: NamedNoun,
  id: string,
  name: string,
  revisions: 1 | -1,
): Promise<string> {
  if (noun === 'dataset') {
    const row = { ...(await tx.selectFrom('datasets').selectAll().where('id', '=', id).executeTakeFirstOrThrow()), name };
    await tx.updateTable('datasets').set({ name }).where('id', '=', id).execute();
    return rowHash(row);
  }
  const table = NAMED_TABLES[noun];
  const present = await tx.selectFrom(table).selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const changes = { name, revision: present.revision + revisions };
  await tx.updateTable(table).set(changes).where('id', '=', id).execute();
  return rowHash({ ...present, ...changes });
}
