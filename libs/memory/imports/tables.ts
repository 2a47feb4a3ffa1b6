import type { ImportDecision, ImportNoun } from './import-row.js';

/** Every row that a run has received. */
export interface ImportRowTable {
  run_id: string;
  /** Content id of the provenance. */
  key: string;
  file: string;
  table_name: string;
  row_number: number;
  noun: ImportNoun;
  /** What it is decided with: its conversation or its dataset; else its key. */
  unit: string;
  /** The order of the units among each other, and of the rows within one. */
  unit_sort: string;
  sort: string;
  /** Its id in the source, and the id there of what it hangs on or is a copy of. */
  source_id: string | null;
  link: string | null;
  content_hash: string;
  /** The length of its value as JSON, in UTF-16 units. */
  weight: number;
  /** Why it can't be taken in, whatever the memory holds. */
  fault: string | null;
}

/** A text of a row, in parts from 0 on: an engine holds thousands of rows of a column at once. */
export interface ImportTextTable {
  run_id: string;
  key: string;
  part: number;
  text: string;
}

/** Where the rows of a run come in its order: there while they are put in order. */
export interface ImportPlaceTable {
  run_id: string;
  key: string;
  chunk: number;
  place: number;
  stretch: number;
}

/** The rows of a run in the order in which they are decided, part by part: there until the run is settled. */
export interface ImportWorkTable extends Omit<ImportRowTable, 'unit_sort' | 'sort' | 'weight'> {
  /** What is decided and written in one transaction, from 1 on. */
  chunk: number;
  place: number;
  part: number;
  text: string;
}

/** What was decided of each row, once. */
export interface ImportDecisionTable {
  run_id: string;
  key: string;
  chunk: number;
  place: number;
  noun: ImportNoun;
  file: string;
  unit: string;
  source_id: string | null;
  content_hash: string;
  decision: ImportDecision;
  reason: string | null;
  /** What it became, or is a duplicate of; a prompt, its dataset. */
  id: string | null;
  /** The canonical hash of the row as it was added. */
  row_hash: string | null;
}

/** What had to give its name to a newer one that was taken in. */
export interface ImportRenameTable {
  run_id: string;
  chunk: number;
  noun: ImportNoun;
  id: string;
  old_name: string;
  new_name: string;
  /** The canonical hash of the row with the new name. */
  row_hash: string;
}

export interface ImportUndoneTable {
  run_id: string;
  key: string;
  undone_at: string;
}

export interface ImportTables {
  import_rows: ImportRowTable;
  import_originals: ImportTextTable;
  import_values: ImportTextTable;
  import_places: ImportPlaceTable;
  import_work: ImportWorkTable;
  import_decisions: ImportDecisionTable;
  import_renames: ImportRenameTable;
  import_undone: ImportUndoneTable;
}
