import type { LegacyRow, Provenance, UnreadableRows } from '#legacy';
import type { ImportRow } from '#memory';
import type { RowContext } from './row-context.js';

/** A row that stays as it was, with the reason. */
export function remainderRow(row: Pick<LegacyRow, 'provenance' | 'original'>, reason: string, context: RowContext): ImportRow {
  return { noun: 'remainder', provenance: row.provenance, value: { reason }, original: context.original(row) };
}

/** What could be read of a row that can't become what it should be; null where nothing could, or nobody knows of which row. */
export function unreadableRow(row: UnreadableRows, context: RowContext): ImportRow | null {
  if (row.row === null || row.original === null) return null;
  const provenance: Provenance = { file: row.file, table: row.table, row: row.row };
  return remainderRow({ provenance, original: row.original }, row.reason, context);
}
