import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun } from './import-row.js';

/** What became of the rows of one noun: `read = added + renamed + duplicate + quarantined + waiting`; none waits once a run is settled. */
export interface ImportAccount {
  readonly noun: ImportNoun;
  readonly read: number;
  readonly added: number;
  readonly renamed: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly waiting: number;
  /** Of those added, how many were taken back. */
  readonly undone: number;
}

/** The account of a run, by noun, counted from its rows. */
export async function accountOf(tx: Transaction<MemoryTables>, runId: string): Promise<ImportAccount[]> {
  const { rows } = await sql<ImportAccount>`
    select received.noun, count(*) as read, count(*) filter (where decision = 'added') as added,
      count(*) filter (where decision = 'renamed') as renamed, count(*) filter (where decision = 'duplicate') as duplicate,
      count(*) filter (where decision = 'quarantined') as quarantined, count(*) filter (where decision is null) as waiting,
      count(undone_at) filter (where decision in ('added', 'renamed')) as undone
    from import_rows as received
    left join import_decisions as decided on decided.run_id = received.run_id and decided.key = received.key
    left join import_undone as undone on undone.run_id = received.run_id and undone.key = received.key
    where received.run_id = ${runId} group by received.noun order by received.noun`.execute(tx);
  return rows;
}
