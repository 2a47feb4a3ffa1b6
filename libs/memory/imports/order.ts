import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import { DERIVED } from './derived.js';
import type { ImportNoun } from './import-row.js';

/** About how many rows are decided in one transaction. */
const CHUNK_ROWS = 1024;

/** How many rows are given their places at once. */
const SLICE_ROWS = 262_144;

/** How often copies may be copied; links in a circle end there. */
const DEEPEST = 16;

/** The tables of the steps, gone with the transaction. */
const STEPS = ['import_units', 'import_depths', 'import_rounds', 'import_sorted', 'import_places'];

/** Nothing comes before what it hangs on. Items come after messages, because one that judges a stored answer names it. */
const CLASSES: Readonly<Record<ImportNoun, number>> = {
  generator: 1,
  converter: 2,
  scorer: 3,
  orchestrator: 4,
  dataset: 5,
  prompt: 5,
  execution: 6,
  message: 7,
  item: 8,
  attempt: 9,
  outcome: 10,
  attackResult: 11,
  score: 12,
  remainder: 13,
};

/**
 * Puts the rows of a run in the order in which they are decided, and in chunks of about `CHUNK_ROWS` rows. It depends on what the rows are alone, not on
 * how they came in:
 * - configurations, then datasets with their prompts, executions, messages, what the executions did, scores, and the rest;
 * - of one name or id, the newest first; of scores, those that say more;
 * - a conversation of a file is decided as a whole. Of several files that have it, the shortest comes first, because the longer ones go on from it,
 *   and those that were derived come last;
 * - a conversation that holds copies comes after that of the originals;
 * - otherwise messages file by file, the oldest first. That is mostly how they came in, so what is decided together lies together.
 *
 * What is sorted are units, without texts: the rows of each are put in order when it is their turn.
 */
export async function order(tx: Transaction<MemoryTables>, runId: string): Promise<void> {
  const classes = sql.join(
    Object.entries(CLASSES).map(([noun, place]) => sql`when ${sql.lit(noun)} then ${sql.lit(place)}`),
    sql` `,
  );
  const isMessage = sql`class = ${sql.lit(CLASSES.message)}`;
  // Of all others each row is a unit of its own.
  const isShared = sql`class in (${sql.lit(CLASSES.dataset)}, ${sql.lit(CLASSES.message)})`;
  const received = sql`
    files as (select file as hash, row_number() over (order by file) as file from (select distinct file from import_rows where run_id = ${runId})),
    received as not materialized (
      select run_id, arrival, files.file, case noun ${classes} end as class, unit, unit_sort, source_id, link, weight
      from import_rows join files on files.hash = import_rows.file where run_id = ${runId})`;
  // Step by step: all in one statement, the engine would hold at the same time what each of them needs.
  await sql`
    create temp table import_units as with ${received}
    select class, file, unit, count(*) as size, ${isMessage} and starts_with(max(unit_sort), ${sql.lit(DERIVED)}) as derived,
      case when ${isMessage} then min(unit_sort) else max(unit_sort) end as unit_sort
    from received where ${isShared} group by class, file, unit
    union all select class, file, unit, 1, false, unit_sort from received where not ${isShared}`.execute(tx);
  await sql`
    create temp table import_depths as with recursive ${received},
      links as (select file, unit, link from received where ${isMessage} and link <> source_id),
      copies as (
        select distinct links.file, links.unit, origin.unit as target from links
        join received as origin on origin.file = links.file and origin.source_id = links.link
        where origin.class = ${sql.lit(CLASSES.message)} and origin.unit <> links.unit),
      depths(file, unit, depth) as (
        select file, unit, 1 from copies
        union
        select copies.file, copies.unit, depths.depth + 1 from copies
        join depths on depths.file = copies.file and depths.unit = copies.target where depths.depth < ${sql.lit(DEEPEST)})
    select file, unit, max(depth) as depth from depths group by file, unit`.execute(tx);
  await sql`
    create temp table import_rounds as
    select units.*, coalesce(depth, 0) as depth,
      case when ${isMessage} then row_number() over (partition by class, units.unit order by derived, size, units.file) else 1 end as round
    from import_units as units
    left join import_depths as depths on ${isMessage} and depths.file = units.file and depths.unit = units.unit`.execute(tx);
  await sql`
    create temp table import_sorted as with steps as (
      select class, round, depth, row_number() over (order by class, round, depth) as step
      from (select distinct class, round, depth from import_rounds))
    select class, file, unit, step, size from import_rounds join steps using (class, round, depth)
    order by step, derived, case when ${isMessage} then file else 0 end, unit_sort, file, unit`.execute(tx);
  // A table is read in the order in which it was filled. With an order of its own the engine would hold all of it to count.
  await sql`
    create temp table import_places as
    select class, file, unit, step, sum(size) over (rows between unbounded preceding and current row) - size as place
    from import_sorted`.execute(tx);
  const { rows: sizes } = await sql<{ rows: number }>`select coalesce(sum(size), 0) as rows from import_sorted`.execute(tx);
  // In slices: a join of millions with millions, sorted, takes more than all before it.
  for (let from = 0; from < Number(sizes[0]?.rows); from += SLICE_ROWS)
    await sql`
      insert into import_work by name with ${received},
        slice as (select * from import_places where place >= ${from} and place < ${from + SLICE_ROWS})
      select run_id, cast(place // ${sql.lit(CHUNK_ROWS)} + step as integer) as chunk, cast(place as integer) as place, arrival, weight
      from received join slice using (class, file, unit) order by place, arrival`.execute(tx);
  for (const table of STEPS) await sql`drop table ${sql.table(table)}`.execute(tx);
}
