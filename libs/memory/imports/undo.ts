import { sql, type Transaction } from 'kysely';
import type { Reservations } from '../conversation-tails.js';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun, ImportProvenance } from './import-row.js';
import { isPart, NAMED_TABLES, PART_TABLES, ROW_TABLES, type NamedNoun } from './noun-tables.js';
import { remove } from './remove.js';
import { setName } from './renames.js';
import { CHANGED } from './undo-reasons.js';
import { usersOf } from './users-of.js';
import { rowHashes, storedHashes, storedKey } from './verify.js';

/** A row that was added and stays, and why. */
export interface KeptRow {
  readonly noun: ImportNoun;
  readonly id: string;
  /** Null for something that was here before and has not got its name back. */
  readonly provenance: ImportProvenance | null;
  readonly reason: string;
}

export interface UndoneChunk {
  readonly removed: number;
  readonly kept: readonly KeptRow[];
}

interface AddedRow {
  readonly key: string;
  readonly noun: Exclude<ImportNoun, 'remainder'>;
  readonly id: string;
  readonly source_id: string | null;
  readonly row_hash: string;
  readonly file: string;
  readonly table_name: string;
  readonly row_number: number;
}

/** The chunks of a run, from the last back: what hangs on something is taken back before it. */
export async function chunksToUndo(tx: Transaction<MemoryTables>, runId: string): Promise<number[]> {
  const rows = await tx
    .selectFrom('import_decisions')
    .select('chunk')
    .distinct()
    .where('run_id', '=', runId)
    .orderBy('chunk', 'desc')
    .execute();
  return rows.map(({ chunk }) => chunk);
}

/**
 * Takes back what a chunk added and nobody touched or used since.
 * @param staying the executions of the run that stay, with the reason: all that they brought stays with them.
 */
export async function undoChunk(
  tx: Transaction<MemoryTables>,
  reservations: Reservations,
  runId: string,
  chunk: number,
  staying: ReadonlyMap<string, string>,
): Promise<UndoneChunk> {
  const { rows } = await sql<AddedRow>`
    select decided.key, decided.noun, cast(decided.id as varchar) as id, decided.source_id, decided.row_hash, decided.file, received.table_name, received.row_number
    from import_decisions as decided join import_rows as received on received.run_id = decided.run_id and received.key = decided.key
    where decided.run_id = ${runId} and decided.chunk = ${chunk} and decided.decision in ('added', 'renamed')
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)
    order by decided.place`.execute(tx);
  const kept: KeptRow[] = [];
  let removed = 0;
  for (const [noun, added] of Map.groupBy(rows, (row) => row.noun)) {
    // Prompts go with their datasets.
    if (noun === 'prompt') continue;
    const places = added.map((row) => ({ ...row, ...(isPart(noun) ? { part: row.source_id ?? '' } : {}) }));
    const stored = await storedHashes(tx, isPart(noun) ? PART_TABLES[noun] : ROW_TABLES[noun], places);
    const there = places.filter((row) => stored.has(storedKey(row)));
    const changed = new Set(there.filter((row) => stored.get(storedKey(row)) !== row.row_hash).map(storedKey));
    const users = await usersOf(
      tx,
      runId,
      noun,
      there.map(({ id }) => id),
      changed,
      staying,
    );
    const reasonOf = (row: (typeof places)[number]): string | undefined => (changed.has(storedKey(row)) ? CHANGED : users.get(row.id));
    const free = there.filter((row) => reasonOf(row) === undefined);
    await remove(tx, reservations, noun, free);
    // What is no longer there is not this run's any more either.
    const done = places.filter((row) => reasonOf(row) === undefined);
    const gone = new Set(done.map(({ id }) => id));
    const prompts = noun === 'dataset' ? rows.filter((row) => row.noun === 'prompt' && gone.has(row.id)) : [];
    await noteUndone(tx, runId, [...done, ...prompts]);
    removed += free.length + prompts.filter(({ id }) => stored.has(id)).length;
    // Parts are listed with their executions.
    if (isPart(noun)) continue;
    for (const row of places) {
      const reason = reasonOf(row);
      if (reason !== undefined)
        kept.push({ noun, id: row.id, provenance: { file: row.file, table: row.table_name, row: row.row_number }, reason });
    }
  }
  kept.push(...(await giveNamesBack(tx, runId, chunk)));
  await dropDuplicates(tx, runId, chunk);
  return { removed, kept };
}

/** What was a duplicate does not keep another run's rows any longer. */
async function dropDuplicates(tx: Transaction<MemoryTables>, runId: string, chunk: number): Promise<void> {
  await sql`
    insert into import_undone select run_id, key, cast(${new Date().toISOString()} as timestamp) from import_decisions as decided
    where run_id = ${runId} and chunk = ${chunk} and decision = 'duplicate'
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)`.execute(tx);
}

async function noteUndone(tx: Transaction<MemoryTables>, runId: string, rows: readonly AddedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const undone_at = new Date().toISOString();
  for (let from = 0; from < rows.length; from += 500) {
    const slice = rows.slice(from, from + 500);
    await tx
      .insertInto('import_undone')
      .values(slice.map(({ key }) => ({ run_id: runId, key, undone_at })))
      .execute();
  }
}

/** What had to give its name away gets it back, if nobody has it now and it was not changed since. */
async function giveNamesBack(tx: Transaction<MemoryTables>, runId: string, chunk: number): Promise<KeptRow[]> {
  const kept: KeptRow[] = [];
  const renames = await tx.selectFrom('import_renames').selectAll().where('run_id', '=', runId).where('chunk', '=', chunk).execute();
  for (const { noun, id, old_name, row_hash } of renames as { noun: NamedNoun; id: string; old_name: string; row_hash: string }[]) {
    const table = NAMED_TABLES[noun];
    const stored = (await rowHashes(tx, table, [id])).get(id);
    const holder = await tx.selectFrom(table).select('id').where('name', '=', old_name).executeTakeFirst();
    const hasItsName = holder?.id === id;
    if (stored === undefined || hasItsName) continue;
    if (stored === row_hash && holder === undefined) {
      await setName(tx, noun, id, old_name, -1);
      // It is as it was before, and no longer meant to be otherwise.
      await tx.deleteFrom('import_renames').where('run_id', '=', runId).where('chunk', '=', chunk).where('id', '=', id).execute();
    } else kept.push({ noun, id, provenance: null, reason: stored === row_hash ? 'Another still has the name that it had.' : CHANGED });
  }
  return kept;
}
