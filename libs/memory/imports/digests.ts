import { createHash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { MemoryTables } from '../tables.js';
import type { ImportNoun } from './import-row.js';
import { isPart, PART_TABLES, ROW_TABLES } from './noun-tables.js';
import type { Read } from './staged.js';
import { storedHashes, storedKey, type Meant } from './verify.js';

/** The proof for one noun of a run: nothing of it was lost or changed when both digests are equal. */
export interface ImportDigest {
  readonly noun: ImportNoun;
  /** How many rows were added, by whatever name, and not undone. */
  readonly rows: number;
  /** SHA-256 of the canonical hashes that the run noted for these rows, each with a line feed, in the order in which they were decided. */
  readonly meant: string;
  /** The same of the rows as they are stored now; `gone` stands for one that is not there. */
  readonly stored: string;
}

type AddedNoun = Exclude<ImportNoun, 'remainder'>;

interface AddedRow {
  readonly id: string;
  readonly source_id: string | null;
  readonly place: number;
  readonly row_hash: string;
}

/** How many rows are read and hashed at once. */
const PAGE_ROWS = 500;

/**
 * Recomputes the canonical hashes of all that a run added, page by page. What had to give its name away since is meant to have the other one. The order is
 * that of the decisions, which depends on the rows alone, so runs of the same rows into equal memories have equal digests.
 */
export async function digestsOf(read: Read, runId: string): Promise<ImportDigest[]> {
  const nouns = await read((db) => nounsOf(db, runId));
  const digests: ImportDigest[] = [];
  for (const noun of nouns) digests.push(await digestOf(read, runId, noun));
  return digests;
}

async function digestOf(read: Read, runId: string, noun: AddedNoun): Promise<ImportDigest> {
  const [meant, stored] = [createHash('sha256'), createHash('sha256')];
  const positions = new Positions();
  let rows = 0;
  for (let after = -1; ;) {
    const page = await read(async (db) => {
      const added = await pageOf(db, runId, noun, after);
      const places = added.map((row) => ({ ...row, ...partOf(noun, row, positions) }));
      return { places, hashes: await storedHashes(db, tableOf(noun), places) };
    });
    for (const row of page.places) {
      meant.update(`${row.row_hash}\n`);
      stored.update(`${page.hashes.get(storedKey(row)) ?? 'gone'}\n`);
    }
    rows += page.places.length;
    const last = page.places.at(-1);
    if (last === undefined) break;
    after = last.place;
  }
  return { noun, rows, meant: meant.digest('hex'), stored: stored.digest('hex') };
}

async function nounsOf(db: Transaction<MemoryTables>, runId: string): Promise<AddedNoun[]> {
  const { rows } = await sql<{ noun: AddedNoun }>`
    select distinct noun from import_decisions where run_id = ${runId} and decision in ('added', 'renamed') order by noun`.execute(db);
  return rows.map(({ noun }) => noun);
}

async function pageOf(db: Transaction<MemoryTables>, runId: string, noun: AddedNoun, after: number): Promise<AddedRow[]> {
  const { rows } = await sql<AddedRow>`
    select cast(decided.id as varchar) as id, decided.source_id, decided.place, coalesce(named.row_hash, decided.row_hash) as row_hash
    from import_decisions as decided
    left join (
      select noun, id, row_hash from import_renames as rename where not exists (
        select 1 from import_renames as next where next.noun = rename.noun and next.id = rename.id and next.old_name = rename.new_name)
    ) as named on named.noun = decided.noun and named.id = decided.id
    where decided.run_id = ${runId} and decided.noun = ${noun} and decided.decision in ('added', 'renamed') and decided.place > ${after}
      and not exists (select 1 from import_undone as undone where undone.run_id = decided.run_id and undone.key = decided.key)
    order by decided.place limit ${PAGE_ROWS}`.execute(db);
  return rows;
}

function tableOf(noun: AddedNoun): Meant['table'] {
  return noun === 'prompt' ? 'prompts' : isPart(noun) ? PART_TABLES[noun] : ROW_TABLES[noun];
}

function partOf(noun: AddedNoun, { id, source_id }: AddedRow, positions: Positions): { part?: string } {
  if (noun === 'prompt') return { part: String(positions.next(id)) };
  return isPart(noun) ? { part: source_id ?? '' } : {};
}

/** The prompts of a dataset were decided one after the other, in the order of their positions. */
class Positions {
  #dataset = '';
  #next = 0;

  next(datasetId: string): number {
    if (datasetId !== this.#dataset) this.#next = 0;
    this.#dataset = datasetId;
    return this.#next++;
  }
}
