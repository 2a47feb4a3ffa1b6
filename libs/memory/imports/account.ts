import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportDecision, ImportNoun } from './import-row.js';

/**
 * What became of the rows of one noun in one table of one file: `read = added + renamed + duplicate + quarantined + waiting`; none waits once a run is
 * settled. Their sums are the account of a file, of a noun, of the run.
 */
export interface ImportAccount {
  readonly file: string;
  readonly table: string;
  readonly noun: ImportNoun;
  readonly read: number;
  readonly added: number;
  readonly renamed: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly waiting: number;
  /** Of those added or renamed, how many were taken back. */
  readonly undone: number;
}

/** For how many rows of one noun in one table of one file the same was decided for the same reason. */
export interface ImportReason {
  readonly file: string;
  readonly table: string;
  readonly noun: ImportNoun;
  readonly decision: ImportDecision;
  readonly reason: string;
  readonly rows: number;
}

/** The account of a run by file, table and noun, counted from its rows. */
export async function accountOf(tx: Transaction<MemoryTables>, runId: string): Promise<ImportAccount[]> {
  const { rows } = await sql<ImportAccount>`
    select received.file, received.table_name as "table", received.noun, count(*) as read,
      count(*) filter (where decision = 'added') as added, count(*) filter (where decision = 'renamed') as renamed,
      count(*) filter (where decision = 'duplicate') as duplicate, count(*) filter (where decision = 'quarantined') as quarantined,
      count(*) filter (where decision is null) as waiting, count(undone_at) filter (where decision in ('added', 'renamed')) as undone
    from import_rows as received
    left join import_decisions as decided on decided.run_id = received.run_id and decided.key = received.key
    left join import_undone as undone on undone.run_id = received.run_id and undone.key = received.key
    where received.run_id = ${runId} group by received.file, received.table_name, received.noun
    order by received.file, received.table_name, received.noun`.execute(tx);
  return rows;
}

/** The reasons that a run gave, by file, table, noun and decision; the rows that need none are left out. */
export async function reasonsOf(tx: Transaction<MemoryTables>, runId: string): Promise<ImportReason[]> {
  const { rows } = await sql<ImportReason>`
    select received.file, received.table_name as "table", received.noun, decision, reason, count(*) as rows
    from import_rows as received
    join import_decisions as decided on decided.run_id = received.run_id and decided.key = received.key
    where received.run_id = ${runId} and reason is not null
    group by received.file, received.table_name, received.noun, decision, reason
    order by received.file, received.table_name, received.noun, decision, reason`.execute(tx);
  return rows;
}
