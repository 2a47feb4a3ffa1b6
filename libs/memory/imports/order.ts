import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import { CHUNK_ROWS } from './receive.js';

/** How often copies may be copied; links in a circle end there. */
const DEEPEST = 16;

/** How much text is put in order at once, in UTF-16 units. */
const STRETCH_WEIGHT = 4 * 1024 * 1024;

/**
 * Puts the rows of a run in the order in which they are decided, and in chunks of about `CHUNK_ROWS` rows. It depends on what the rows are alone, not on
 * how they came in:
 * - configurations, then datasets with their prompts, messages, scores, and the rest: nothing comes before what it hangs on;
 * - of one name, the newest first;
 * - a conversation of a file is decided as a whole. Of several files that have it, the shortest comes first, because the longer ones go on from it;
 * - a conversation that holds copies comes after that of the originals.
 */
export async function order(tx: Transaction<MemoryTables>, runId: string): Promise<void> {
  await sql`
    insert into import_places by name
    with recursive received as (select run_id, key, file, noun, unit, unit_sort, sort, source_id, link, weight from import_rows where run_id = ${runId}),
    messages_received as (select file, unit, source_id, link from received where noun = 'message'),
    copies as (
      select distinct copy.file, copy.unit, origin.unit as target from messages_received as copy
      join messages_received as origin on origin.file = copy.file and origin.source_id = copy.link
      where copy.link <> copy.source_id and origin.unit <> copy.unit),
    depths(file, unit, depth) as (
      select distinct file, unit, 0 from messages_received
      union
      select copies.file, copies.unit, depths.depth + 1 from copies
      join depths on depths.file = copies.file and depths.unit = copies.target where depths.depth < ${DEEPEST}),
    deepest as (select file, unit, max(depth) as depth from depths group by file, unit),
    sizes as (
      select file, unit, row_number() over (partition by unit order by count(*), file) as round
      from messages_received group by file, unit),
    classed as (
      select received.*, case noun when 'generator' then 1 when 'converter' then 2 when 'scorer' then 3 when 'dataset' then 4 when 'prompt' then 4
        when 'message' then 5 when 'score' then 6 else 7 end as class from received),
    units as (select class, file, unit, max(unit_sort) as unit_sort from classed group by class, file, unit),
    placed as (
      select classed.*, units.unit_sort as unit_order, case when class = 5 then coalesce(sizes.round, 1) else 1 end as round,
        case when class = 5 then coalesce(deepest.depth, 0) else 0 end as depth,
        row_number() over (order by class, case when class = 5 then sizes.round else 1 end, case when class = 5 then deepest.depth else 0 end,
          units.unit_sort, classed.file, classed.unit, noun = 'prompt', sort, key) - 1 as place
      from classed join units using (class, file, unit)
      left join sizes on class = 5 and sizes.file = classed.file and sizes.unit = classed.unit
      left join deepest on class = 5 and deepest.file = classed.file and deepest.unit = classed.unit),
    whole as (select *, min(place) over (partition by class, file, unit) // ${CHUNK_ROWS} as bucket from placed),
    chunked as (select *, dense_rank() over (order by class, round, depth, bucket) as chunk from whole)
    select run_id, key, chunk, place, sum(weight) over (order by place) // ${STRETCH_WEIGHT} as stretch from chunked`.execute(tx);
  // The texts follow in stretches: all at once they would be more than an engine can sort in its memory.
  const { rows } = await sql<{ last: number | null }>`select max(stretch) as last from import_places where run_id = ${runId}`.execute(tx);
  for (let stretch = 0; stretch <= (rows[0]?.last ?? -1); stretch++) {
    await sql`
      insert into import_work by name
      select received.run_id, received.key, chunk, place, part, file, table_name, row_number, noun, unit, source_id, link, content_hash, fault, text
      from import_places as places
      join import_rows as received on received.run_id = places.run_id and received.key = places.key
      join import_values as texts on texts.run_id = places.run_id and texts.key = places.key
      where places.run_id = ${runId} and places.stretch = ${stretch} order by place, part`.execute(tx);
  }
  await tx.deleteFrom('import_places').where('run_id', '=', runId).execute();
  await tx.deleteFrom('import_values').where('run_id', '=', runId).execute();
}
