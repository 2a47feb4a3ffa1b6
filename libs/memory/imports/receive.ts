import { sql, type Transaction } from 'kysely';
import { Conflict, contentId, type JsonValue } from '#core';
import type { Insert } from '#database';
import { partsOf } from '../long-texts.js';
import type { MemoryTables } from '../tables.js';
import { contentHash, idHere } from './canonical.js';
import type { ImportRow } from './import-row.js';
import { faultOf } from './storable.js';
import type { ImportRowTable, ImportTextTable } from './tables.js';

/** How many rows are received, and about how many decided, in one transaction. */
export const CHUNK_ROWS = 500;

/**
 * Notes rows as received; what they become is decided when all of a run are there, so that neither their order nor their chunks matter. Rows that the
 * run has already are passed over.
 * @throws Conflict for a row that is new to a run whose settling has begun.
 */
export async function receive(
  tx: Transaction<MemoryTables>,
  insert: Insert<MemoryTables>,
  runId: string,
  rows: readonly ImportRow[],
): Promise<void> {
  const fresh = new Map(rows.map((row) => [contentId({ ...row.provenance }), row]));
  if (fresh.size === 0) return;
  const known = await tx
    .selectFrom('import_rows')
    .select('key')
    .where('run_id', '=', runId)
    .where('key', 'in', [...fresh.keys()])
    .execute();
  for (const { key } of known) fresh.delete(key);
  if (fresh.size === 0) return;
  if (await isBegun(tx, runId)) throw new Conflict(`The import ${runId} is being settled and takes no more rows. Start another for them.`);
  const import_rows: ImportRowTable[] = [];
  const import_originals: ImportTextTable[] = [];
  const import_values: ImportTextTable[] = [];
  for (const [key, given] of fresh) {
    const row = wellFormed(given);
    const fault = faultOf(row);
    // What can't be taken in may be what can't be stored either; its original is kept.
    const value = fault === null ? JSON.stringify(row.value) : 'null';
    import_rows.push({ run_id: runId, key, ...rowColumns(row, key), weight: value.length, fault });
    import_originals.push(...textRows(runId, key, row.original));
    import_values.push(...textRows(runId, key, value));
  }
  await insert({ import_rows, import_originals, import_values });
}

async function isBegun(tx: Transaction<MemoryTables>, runId: string): Promise<boolean> {
  const { rows } = await sql`
    (select 1 as found from import_work where run_id = ${runId} limit 1) union all
    (select 1 from import_decisions where run_id = ${runId} limit 1)`.execute(tx);
  return rows.length > 0;
}

function rowColumns(row: ImportRow, key: string): Omit<ImportRowTable, 'run_id' | 'key' | 'fault' | 'weight'> {
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
      const sort = `${turn} ${value.sentAt} ${role} ${content_hash}`;
      return { ...place, unit, unit_sort: unit, sort, source_id: idHere(value.id), link: idHere(value.originalPromptId) };
    }
    case 'score': {
      const message = idHere(row.value.messageId ?? key);
      return { ...place, ...alone, unit_sort: `${message} ${row.value.scoredAt} ${content_hash}`, source_id: row.value.id, link: message };
    }
    case 'dataset':
      return { ...place, ...alone, unit: idHere(row.value.id), unit_sort: newestFirst(row.value.name, row.value.createdAt, content_hash) };
    case 'prompt': {
      const sort = `${row.value.position === null ? 'x' : String(row.value.position).padStart(10, '0')} ${content_hash}`;
      return { ...place, ...alone, unit: idHere(row.value.datasetId), sort };
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

function textRows(runId: string, key: string, text: string): ImportTextTable[] {
  return partsOf(text).map((part, index) => ({ run_id: runId, key, part: index, text: part }));
}

/** Halves of surrogate pairs become U+FFFD, as wherever text becomes bytes. */
function wellFormed(row: ImportRow): ImportRow {
  const json = JSON.stringify(row.value);
  if (!json.includes('\\ud')) return row;
  const whole = json.replaceAll(/\\(?:ud[0-9a-f]{3}|.)/g, (escape) => (escape.length > 2 ? '\ufffd' : escape));
  return { ...row, value: JSON.parse(whole) as JsonValue } as unknown as ImportRow;
}
