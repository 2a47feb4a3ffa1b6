import { sql, type Transaction } from 'kysely';
import { Conflict, contentId, type JsonValue, Pace } from '#core';
import type { Insert } from '#database';
import { partsOf } from '../long-texts.js';
import type { MemoryTables } from '../tables.js';
import { contentHash, idHere } from './canonical.js';
import { DERIVED } from './derived.js';
import { endOf } from './execution-rows.js';
import type { ImportRow } from './import-row.js';
import { OriginalPacks, type PackPlace } from './originals.js';
import { partKey } from './parts.js';
import { faultOf } from './storable.js';
import type { ImportRowTable, ImportValueTable } from './tables.js';

/** How many rows are received in one transaction. */
export const RECEIVED_ROWS = 2048;

/**
 * Notes rows as received; what they become is decided when all of a run are there, so that neither their order nor their chunks matter. Rows that the
 * run has already are passed over.
 * @throws Conflict for a row that is new to a run whose settling has begun, and for one that is another than when it was received.
 */
export async function receive(
  tx: Transaction<MemoryTables>,
  insert: Insert<MemoryTables>,
  runId: string,
  rows: readonly ImportRow[],
): Promise<void> {
  const pace = new Pace();
  const fresh = new Map<string, ImportRow>();
  for (const row of rows) {
    fresh.set(contentId({ ...row.provenance }), row);
    await pace.step();
  }
  if (fresh.size === 0) return;
  for (const { key, source_id, content_hash } of await knownOf(tx, runId, [...fresh.values()])) {
    const again = fresh.get(key);
    if (again !== undefined) assertSame(runId, again, rowColumns(wellFormed(again), key), { source_id, content_hash });
    fresh.delete(key);
    await pace.step();
  }
  if (fresh.size === 0) return;
  if (await isBegun(tx, runId)) throw new Conflict(`The import ${runId} is being settled and takes no more rows. Start another for them.`);
  const import_rows: ImportRowTable[] = [];
  const originals = new OriginalPacks();
  const import_values: ImportValueTable[] = [];
  let arrival = await nextArrival(tx, runId);
  for (const [key, given] of fresh) {
    const row = wellFormed(given);
    const fault = faultOf(row);
    // What can't be taken in may be what can't be stored either; its original is kept.
    const value = fault === null ? JSON.stringify(row.value) : 'null';
    const place = originals.add(arrival, row.original);
    import_rows.push({ run_id: runId, arrival, key, ...rowColumns(row, key), weight: value.length, ...place, fault });
    for (const [part, text] of partsOf(value).entries()) import_values.push({ run_id: runId, arrival, part, text });
    arrival += 1;
    await pace.step();
  }
  await insert({ import_rows, import_originals: originals.rows(runId), import_values });
}

type Identity = Pick<ImportRowTable, 'source_id' | 'content_hash'>;
type Known = Identity & Pick<ImportRowTable, 'key'>;

/** Which of these rows are there already: looked for by their numbers in their tables, which lie together, because keys lie anywhere. */
async function knownOf(tx: Transaction<MemoryTables>, runId: string, rows: readonly ImportRow[]): Promise<Known[]> {
  const known: Known[] = [];
  const tables = Map.groupBy(
    rows.map(({ provenance }) => provenance),
    ({ file, table }) => JSON.stringify([file, table]),
  );
  for (const [place, own] of tables) {
    const [file, table] = JSON.parse(place) as [string, string];
    const numbers = own.map(({ row }) => row).sort((a, b) => a - b);
    const { rows: found } = await sql<Known>`
      select key, source_id, content_hash from import_rows where run_id = ${runId} and file = ${file} and table_name = ${table}
        and row_number between ${numbers[0]} and ${numbers.at(-1)}
        and row_number in (select unnest(from_json(${JSON.stringify(numbers)}::varchar, '["bigint"]')))`.execute(tx);
    for (const row of found) known.push(row);
  }
  return known;
}

async function nextArrival(tx: Transaction<MemoryTables>, runId: string): Promise<number> {
  const { last } = await tx
    .selectFrom('import_rows')
    .select(({ fn }) => fn.max<number | null>('arrival').as('last'))
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  return (last ?? -1) + 1;
}

/** A source that is written to while it is read has another row in the place of one that was received: passed over, it would be lost. */
function assertSame(runId: string, { noun, provenance: { file, table, row } }: ImportRow, now: Identity, then: Identity): void {
  // A remainder has only its original, which is sealed to another text each time.
  if (noun === 'remainder') return;
  if (now.source_id === then.source_id && now.content_hash === then.content_hash) return;
  throw new Conflict(
    `Row ${row} of ${table} in the file ${file} is another than when the import ${runId} received it. Start another import of what is there now.`,
  );
}

async function isBegun(tx: Transaction<MemoryTables>, runId: string): Promise<boolean> {
  const { rows } = await sql`
    (select 1 as found from import_work where run_id = ${runId} limit 1) union all
    (select 1 from import_decisions where run_id = ${runId} limit 1)`.execute(tx);
  return rows.length > 0;
}

type RowColumns = Omit<ImportRowTable, 'run_id' | 'arrival' | 'key' | 'weight' | 'fault' | keyof PackPlace>;

function rowColumns(row: ImportRow, key: string): RowColumns {
  const { file, table, row: number } = row.provenance;
  const content_hash = contentHash(row);
  const place = { file, table_name: table, row_number: number, noun: row.noun, content_hash };
  const alone = { unit: key, unit_sort: '', sort: '', source_id: null, link: null };
  switch (row.noun) {
    case 'message': {
      const { value } = row;
      const unit = idHere(value.conversationId);
      const turn = String((value.sequence ?? -1) + 1).padStart(10, '0');
      const role = ['system', 'user', 'assistant'].indexOf(value.role);
      const sort = `${turn} ${value.sentAt} ${role}`;
      const unit_sort = value.derived ? `${DERIVED}${value.sentAt}` : value.sentAt;
      return { ...place, unit, unit_sort, sort, source_id: idHere(value.id), link: idHere(value.originalPromptId) };
    }
    case 'score': {
      const message = idHere(row.value.messageId ?? key);
      // Those that say more come first: what says less may be the same.
      const rank = row.value.scoringRunId ? 0 : 1;
      const unit_sort = `${rank} ${row.value.scoredAt} ${message} ${content_hash}`;
      return { ...place, ...alone, unit_sort, source_id: row.value.id, link: message };
    }
    case 'dataset':
      return { ...place, ...alone, unit: idHere(row.value.id), unit_sort: newestFirst(row.value.name, row.value.createdAt, content_hash) };
    case 'prompt': {
      const sort = row.value.position === null ? 'x' : String(row.value.position).padStart(10, '0');
      return { ...place, ...alone, unit: idHere(row.value.datasetId), sort };
    }
    case 'execution': {
      const id = idHere(row.value.id);
      return { ...place, ...alone, unit_sort: newestFirst(id, endOf(row.value), content_hash), source_id: id };
    }
    case 'item':
    case 'attempt':
    case 'outcome':
    case 'attackResult': {
      const link = idHere(row.value.executionId);
      const source_id = partKey(row.noun, row.value);
      // Items by their places, so that they lie in the order in which they are read.
      const turn = row.noun === 'item' ? String(row.value.position).padStart(10, '0') : '';
      return { ...place, ...alone, unit_sort: `${link} ${turn} ${source_id} ${content_hash}`, source_id, link };
    }
    case 'remainder':
      return { ...place, ...alone };
    default:
      return { ...place, ...alone, unit_sort: newestFirst(row.value.name, row.value.updatedAt, content_hash), source_id: row.value.id };
  }
}

/** Of several of one name the newest comes first: it has the name, the older ones another. */
function newestFirst(name: string, at: string, hash: string): string {
  return `${name.replaceAll('\0', '')}\n${String(8.64e15 - (Date.parse(at) || 0)).padStart(17, '0')}\n${hash}`;
}

/** Halves of surrogate pairs become U+FFFD, as wherever text becomes bytes. */
function wellFormed(row: ImportRow): ImportRow {
  const json = JSON.stringify(row.value);
  if (!json.includes('\\ud')) return row;
  const whole = json.replaceAll(/\\(?:ud[0-9a-f]{3}|.)/g, (escape) => (escape.length > 2 ? '\ufffd' : escape));
  return { ...row, value: JSON.parse(whole) as JsonValue } as unknown as ImportRow;
}
