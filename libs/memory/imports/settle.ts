import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun } from './import-row.js';
import type { PartNoun } from './noun-tables.js';
import { settleConfigurations } from './settle-configurations.js';
import { settleDatasets } from './settle-datasets.js';
import { settleExecutions } from './settle-executions.js';
import { settleFaulty } from './settle-faulty.js';
import { settleMessages } from './settle-messages.js';
import { settleParts } from './settle-parts.js';
import { settleScores } from './settle-scores.js';
import type { ChunkOutcome, Ruling, SettleContext, Staged } from './staged.js';
import type { ImportDecisionTable } from './tables.js';
import { verify } from './verify.js';

/** The chunks of a run that are not decided yet, from the first on. */
export async function chunksLeft(tx: Transaction<MemoryTables>, runId: string): Promise<{ readonly next: number; readonly last: number }> {
  const { rows } = await sql<{ next: number; last: number }>`
    select coalesce((select max(chunk) from import_decisions where run_id = ${runId}), 0) + 1 as next,
      coalesce((select max(chunk) from import_work where run_id = ${runId}), 0) as last`.execute(tx);
  return rows[0] ?? { next: 1, last: 0 };
}

/** How many rows are let go in one transaction: what was deleted is kept in mind until it ends. */
const DROPPED_ROWS = 32_768;

/** Lets go some of what only the settling needed. @returns whether there was something. */
export async function dropSome(tx: Transaction<MemoryTables>, runId: string): Promise<boolean> {
  for (const table of ['import_values', 'import_work'] as const) {
    const { first } = await tx
      .selectFrom(table)
      .select(({ fn }) => fn.min<number | null>('arrival').as('first'))
      .where('run_id', '=', runId)
      .executeTakeFirstOrThrow();
    if (first === null) continue;
    const next = first + DROPPED_ROWS;
    await tx.deleteFrom(table).where('run_id', '=', runId).where('arrival', '<', next).execute();
    return true;
  }
  return false;
}

/** Decides on a chunk, writes what comes of it, and compares what was written with what was meant. @throws ImportMismatch */
export async function settleChunk(context: SettleContext): Promise<Ruling[]> {
  const staged = await context.turns.take(context.tx, context.chunk);
  const faulty = staged.filter((row) => row.fault !== null);
  const outcomes: ChunkOutcome[] = [await settleFaulty(context, faulty)];
  // A chunk is of one class, so this goes round once; but for datasets, which come with their prompts.
  const sound = Map.groupBy(
    staged.filter((row) => row.fault === null),
    ({ noun }) => (noun === 'prompt' ? 'dataset' : noun),
  );
  for (const [noun, rows] of sound) {
    const outcome = await settleNoun(context, noun, rows);
    await context.insert(outcome.rows);
    await verify(context.tx, outcome.meant);
    outcomes.push(outcome);
  }
  const rulings = outcomes.flatMap((outcome) => outcome.rulings).toSorted((a, b) => a.staged.place - b.staged.place);
  await context.insert({ import_decisions: rulings.map(decisionRow) });
  return rulings;
}

function settleNoun(context: SettleContext, noun: ImportNoun, rows: readonly Staged[]): Promise<ChunkOutcome> {
  switch (noun) {
    case 'generator':
    case 'converter':
    case 'scorer':
    case 'orchestrator':
      return settleConfigurations(context, noun, rows as Staged<typeof noun>[]);
    case 'dataset':
    case 'prompt':
      return settleDatasets(context, rows as Staged<'dataset' | 'prompt'>[]);
    case 'execution':
      return settleExecutions(context, rows as Staged<'execution'>[]);
    case 'item':
    case 'attempt':
    case 'outcome':
    case 'attackResult':
      return settleParts(context, noun, rows as Staged<PartNoun>[]);
    case 'message':
      return settleMessages(context, rows as Staged<'message'>[]);
    case 'score':
      return settleScores(context, rows as Staged<'score'>[]);
    default:
      // What has no counterpart here was put aside with its reason.
      return Promise.resolve({ rulings: [], rows: {}, meant: [] });
  }
}

function decisionRow({ staged, decision, reason, id, rowHash }: Ruling): ImportDecisionTable {
  const { run_id, key, chunk, place, noun, file, unit, source_id, content_hash } = staged;
  return { run_id, key, chunk, place, noun, file, unit, source_id, content_hash, decision, reason, id, row_hash: rowHash };
}
