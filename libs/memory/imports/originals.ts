import type { Transaction } from 'kysely';
import { partsOf } from '../long-texts.js';
import type { MemoryTables } from '../tables.js';
import type { ImportOriginalTable } from './tables.js';

/** How much original text lies together, in UTF-16 units. */
const PACK = 128 * 1024;

/** Where the original of a row lies: in which pack, and how long it is there. Those of a pack follow each other in the order of arrival. */
export interface PackPlace {
  readonly pack: number;
  readonly original_length: number;
}

/**
 * Puts originals together into packs. An engine keeps book of every block that it wrote as long as it is open, of a block of long texts excepted: a
 * kilobyte in memory for a handful of originals, if each were a row.
 */
export class OriginalPacks {
  readonly #texts = new Map<number, string[]>();
  #pack = -1;
  #length = 0;

  /** Adds the original of the row of this arrival, which comes after all that were added before. */
  add(arrival: number, original: string): PackPlace {
    if (this.#pack < 0 || this.#length >= PACK) {
      this.#pack = arrival;
      this.#length = 0;
      this.#texts.set(arrival, []);
    }
    this.#texts.get(this.#pack)?.push(original);
    this.#length += original.length;
    return { pack: this.#pack, original_length: original.length };
  }

  rows(runId: string): ImportOriginalTable[] {
    const packs = [...this.#texts].map(([pack, texts]) => ({ pack, parts: partsOf(texts.join('')) }));
    return packs.flatMap(({ pack, parts }) => parts.map((text, part) => ({ run_id: runId, pack, part, text })));
  }
}

/** The original of a row, verbatim; null when the run has no such row. @param key content id of its provenance */
export async function originalOf(tx: Transaction<MemoryTables>, runId: string, key: string): Promise<string | null> {
  const row = await tx
    .selectFrom('import_rows')
    .select(['arrival', 'pack', 'original_length'])
    .where('run_id', '=', runId)
    .where('key', '=', key)
    .executeTakeFirst();
  if (!row) return null;
  const before = await tx
    .selectFrom('import_rows')
    .select(({ fn }) => fn.sum<number | null>('original_length').as('length'))
    .where('run_id', '=', runId)
    .where('pack', '=', row.pack)
    .where('arrival', '<', row.arrival)
    .executeTakeFirstOrThrow();
  const parts = await tx
    .selectFrom('import_originals')
    .select('text')
    .where('run_id', '=', runId)
    .where('pack', '=', row.pack)
    .orderBy('part')
    .execute();
  const from = before.length ?? 0;
  return parts
    .map(({ text }) => text)
    .join('')
    .slice(from, from + row.original_length);
}
