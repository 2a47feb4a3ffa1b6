import { Pace } from '#core';
import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun, ImportValues } from './import-row.js';
import type { PackPlace } from './originals.js';
import type { Staged } from './staged.js';
import type { ImportRowTable } from './tables.js';

/** How much is read ahead, in UTF-16 units of text and about what a row takes beside it, and at most how many chunks. */
const MOST_WEIGHT = 4 * 1024 * 1024;
const ROW_WEIGHT = 512;
const MOST_CHUNKS = 32;

/** Rows that came in further apart are read for themselves. */
const GAP = 1024;

interface Stretch {
  readonly first: number;
  readonly last: number;
}

type Head = Omit<ImportRowTable, 'unit_sort' | 'weight' | keyof PackPlace> & { readonly chunk: number; readonly place: number };

/**
 * The rows of a run that is being settled, chunk after chunk. What was received doesn't change any more, so several chunks are read at once: where rows
 * are decided in another order than they came in, each reading goes through all of them.
 */
export class Turns {
  readonly #ahead = new Map<number, Staged[]>();
  #readTo = 0;

  constructor(private readonly runId: string) {}

  /** The rows of a chunk, in their order; none for a chunk that there isn't. Chunks are taken upwards, each once. */
  async take(tx: Transaction<MemoryTables>, chunk: number): Promise<readonly Staged[]> {
    if (chunk > this.#readTo) await this.#readFrom(tx, chunk);
    const rows = this.#ahead.get(chunk) ?? [];
    this.#ahead.delete(chunk);
    return rows;
  }

  async #readFrom(tx: Transaction<MemoryTables>, from: number): Promise<void> {
    const to = await this.#lastThatFits(tx, from);
    const heads: Head[] = [];
    const texts = new Map<number, string[]>();
    for (const { first, last } of await this.#stretches(tx, from, to)) {
      const { rows } = await sql<Head>`
        select work.chunk, work.place, received.run_id, received.arrival, key, file, table_name, row_number, noun, cast(unit as varchar) as unit, sort,
          source_id, link, content_hash, fault
        from import_work as work join import_rows as received on received.run_id = work.run_id and received.arrival = work.arrival
        where work.run_id = ${this.runId} and work.chunk between ${from} and ${to} and work.arrival between ${first} and ${last}
          and received.arrival between ${first} and ${last}`.execute(tx);
      for (const head of rows) heads.push(head);
      // Asked for alone, and in no order: a join or a sort would hold the texts in memory once more.
      const { rows: parts } = await sql<{ arrival: number; part: number; text: string }>`
        select arrival, part, text from import_values where run_id = ${this.runId} and arrival between ${first} and ${last} and arrival in (
          select arrival from import_work where run_id = ${this.runId} and chunk between ${from} and ${to})`.execute(tx);
      for (const { arrival, part, text } of parts) {
        const own = texts.get(arrival);
        if (own) own[part] = text;
        else texts.set(arrival, Object.assign([], { [part]: text }));
      }
    }
    const pace = new Pace();
    for (const [chunk, own] of Map.groupBy(inOrder(heads), (head) => head.chunk)) {
      const rows: Staged[] = [];
      for (const { arrival, sort: _sort, ...columns } of own) {
        const value = JSON.parse((texts.get(arrival) ?? []).join('')) as ImportValues[ImportNoun];
        rows.push({ ...columns, value });
        await pace.step();
      }
      this.#ahead.set(chunk, rows);
    }
    this.#readTo = to;
  }

  async #lastThatFits(tx: Transaction<MemoryTables>, from: number): Promise<number> {
    const { rows } = await sql<{ chunk: number; weight: number }>`
      select chunk, sum(weight + ${ROW_WEIGHT}) as weight from import_work
      where run_id = ${this.runId} and chunk between ${from} and ${from + MOST_CHUNKS - 1} group by chunk order by chunk`.execute(tx);
    let sum = 0;
    for (const { chunk, weight } of rows) {
      sum += weight;
      if (sum > MOST_WEIGHT) return Math.max(from, chunk - 1);
    }
    return from + MOST_CHUNKS - 1;
  }

  /** Where the rows of these chunks lie. */
  async #stretches(tx: Transaction<MemoryTables>, from: number, to: number): Promise<Stretch[]> {
    const rows = await tx
      .selectFrom('import_work')
      .select('arrival')
      .where('run_id', '=', this.runId)
      .where((eb) => eb.between('chunk', from, to))
      .orderBy('arrival')
      .execute();
    const stretches: { first: number; last: number }[] = [];
    for (const { arrival } of rows) {
      const stretch = stretches.at(-1);
      if (stretch && arrival - stretch.last <= GAP) stretch.last = arrival;
      else stretches.push({ first: arrival, last: arrival });
    }
    return stretches;
  }
}

/** A dataset comes before its prompts; what was numbered or said first, first. */
function inOrder(heads: readonly Head[]): Head[] {
  const order = heads
    .map((head) => ({ head, sort: `${head.noun === 'prompt' ? 1 : 0} ${head.sort} ${head.content_hash} ${head.key}` }))
    .sort((a, b) => a.head.place - b.head.place || (a.sort < b.sort ? -1 : 1));
  let unit = -1;
  let place = -1;
  return order.map(({ head }) => {
    place = head.place === unit ? place + 1 : head.place;
    unit = head.place;
    return { ...head, place };
  });
}
