import { createHash } from 'node:crypto';
import type { Memory } from './memories.ts';

/** Columns that are made anew each time: of runs, and of sealing, which never gives the same text twice. */
const MADE_ANEW: Readonly<Record<string, readonly string[]>> = {
  owner: ['store_id', 'user_id', 'created_at'],
  import_rows: ['run_id'],
  import_originals: ['run_id', 'text'],
  import_decisions: ['run_id', 'row_hash'],
  import_renames: ['run_id', 'row_hash'],
  import_undone: ['run_id', 'undone_at'],
  schema_migrations: ['applied_at'],
};

const SEALED = /"sealed":"[^"]*"/g;

/** A digest of all rows of each table of a memory, in no order, without ids that are made anew and times of writing. */
export async function digestsOf(memory: Memory): Promise<Readonly<Record<string, string>>> {
  const digests: Record<string, string> = {};
  for (const table of await memory.tables()) {
    const texts = (await memory.texts(table)).map((text) => canonicalText(table, JSON.parse(text) as Record<string, unknown>));
    const hash = createHash('sha256');
    for (const text of texts.sort()) hash.update(`${text}\n`);
    digests[table] = `${texts.length} rows ${hash.digest('hex')}`;
  }
  return digests;
}

function canonicalText(table: string, row: Readonly<Record<string, unknown>>): string {
  const left = MADE_ANEW[table] ?? [];
  const kept = Object.entries(row).filter(([name]) => !left.includes(name));
  return JSON.stringify(Object.fromEntries(kept)).replaceAll(SEALED, '');
}
