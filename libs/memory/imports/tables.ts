import type { ImportDecision, ImportNoun } from './import-row.js';

/** Every row that a run has received. */
export interface ImportRowTable {
  run_id: string;
  /** Its number in the run, in the order of coming in: rows whose numbers are near each other lie near each other. */
  arrival: number;
  /** Content id of the provenance. */
  key: string;
  file: string;
  table_name: string;
  row_number: number;
  noun: ImportNoun;
  /** What it is decided with: its conversation or its dataset; else its key. */
  unit: string;
  /** The order of the units among each other, that of derived conversations marked; and of the rows within one. */
  unit_sort: string;
  sort: string;
  /** Its id in the source, of a part its key in the execution; and the id there of what it hangs on or is a copy of. */
  source_id: string | null;
  link: string | null;
  content_hash: string;
  /** The length of its value as JSON, in UTF-16 units. */
  weight: number;
  /** Where its original lies, and how long that is, in UTF-16 units. */
  pack: number;
  original_length: number;
  /** Why it can't be taken in, whatever the memory holds. */
  fault: string | null;
}

/** The originals of rows that came in together, sealed, one after the other, in parts from 0 on: an engine holds thousands of rows of a column at once. */
export interface ImportOriginalTable {
  run_id: string;
  /** The arrival of the first of them. */
  pack: number;
  part: number;
  text: string;
}

/** The value of a row as JSON, in parts from 0 on: there until the run is settled. */
export interface ImportValueTable {
  run_id: string;
  arrival: number;
  part: number;
  text: string;
}

/** When each row of a run is decided, by its arrival: there until the run is settled. */
export interface ImportWorkTable {
  run_id: string;
  /** What is decided and written in one transaction, from 1 on; numbers may be missing. */
  chunk: number;
  /** The place of the first row of its unit. */
  place: number;
  arrival: number;
  weight: number;
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
  /** What it became, or is a duplicate of; of a prompt its dataset, of a part its execution. */
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
  import_originals: ImportOriginalTable;
  import_values: ImportValueTable;
  import_work: ImportWorkTable;
  import_decisions: ImportDecisionTable;
  import_renames: ImportRenameTable;
  import_undone: ImportUndoneTable;
}
