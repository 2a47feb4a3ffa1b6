import type { RecognisedTable, Recognition } from '../recognition/recognise.js';
import { versionsSince } from '../recognition/pyrit-sqlite.js';
import type { TableContent } from '../recognition/form.js';
import type { LegacyDatabase, LostRows, SourceRow } from '../source.js';
import { readExecution } from './execution.js';
import { Fields, RowUnreadable } from './fields.js';
import type { LegacyNoun, LegacyRow, LegacyValues, TableAccount, UnreadableRows } from './legacy-row.js';
import type { TimeAssumption } from './legacy-time.js';
import { readAttackResult } from './attack-result.js';
import { readMessage } from './message.js';
import { readScore } from './score.js';
import { readSeed } from './seed.js';
import { readApiKey } from './api-key.js';
import { readConfiguration } from './configuration.js';
import { readDataset } from './dataset.js';
import { readOrchestrator } from './orchestrator.js';
import { readPrompt } from './prompt.js';
import { readSession } from './session.js';

type Reader<Noun extends LegacyNoun> = readonly [noun: Noun, read: (fields: Fields, assumption: TimeAssumption) => LegacyValues[Noun]];

const READERS: Readonly<Record<Exclude<TableContent, 'embeddings'>, { [Noun in LegacyNoun]: Reader<Noun> }[LegacyNoun]>> = {
  messages: ['message', readMessage],
  scores: ['score', readScore],
  seeds: ['seed', readSeed],
  'attack-results': ['attackResult', readAttackResult],
  generators: ['generator', readConfiguration],
  converters: ['converter', readConfiguration],
  scorers: ['scorer', readConfiguration],
  datasets: ['dataset', readDataset],
  'dataset-prompts': ['prompt', readPrompt],
  sessions: ['session', readSession],
  orchestrators: ['orchestrator', readOrchestrator],
  executions: ['execution', readExecution],
  'api-keys': ['apiKey', readApiKey],
  carried: ['carried', () => null],
};

const EMBEDDINGS = 'Embeddings are not taken over: they can be made anew from the texts, by the model that is used now.';

export interface ReadOptions {
  /** Which tables to read; all when left out. */
  readonly only?: (table: RecognisedTable) => boolean;
}

/**
 * Reads the rows of a recognised file, table by table, each with where it is from and as it was stored beside what it is here. Every row is accounted
 * for: the account that follows the rows of a table says how many were read, could not be read, and were left out. In bounded memory. Of a file that
 * is none of PyRIT's and ViolentUTF's nothing is read.
 */
export async function* readLegacy(
  database: LegacyDatabase,
  recognition: Recognition,
  options: ReadOptions = {},
): AsyncGenerator<LegacyRow | UnreadableRows | TableAccount> {
  if (recognition.is === 'foreign' || recognition.is === 'this-server') return;
  for (const table of recognition.tables) {
    if (options.only?.(table) !== false) yield* readTable(database, table, assumptionFor(table, recognition));
  }
}

async function* readTable(
  database: LegacyDatabase,
  recognised: RecognisedTable,
  assumption: TimeAssumption,
): AsyncGenerator<LegacyRow | UnreadableRows | TableAccount> {
  const { table, content } = recognised;
  const account = { kind: 'account', table: nameOf(recognised), rows: table.rows, read: 0, skipped: 0, skippedReason: null } as const;
  if (content === 'embeddings') {
    yield { ...account, unreadable: table.rows === null ? null : 0, skipped: table.rows ?? 0, skippedReason: EMBEDDINGS };
    return;
  }
  let read = 0;
  let unreadable: number | null = 0;
  for await (const row of database.rows(table)) {
    const typed = typedRow(database.candidate.contentSha256, recognised, row, assumption);
    if (typed.kind === 'row') read += 1;
    else unreadable = unreadable === null || typed.rows === null ? null : unreadable + typed.rows;
    yield typed;
  }
  yield { ...account, read, unreadable };
}

/** The name of a table; with its schema where that is not the usual one. */
function nameOf({ table }: RecognisedTable): string {
  return table.schema === 'main' ? table.name : `${table.schema}.${table.name}`;
}

function typedRow(
  file: string,
  recognised: RecognisedTable,
  row: SourceRow | LostRows,
  assumption: TimeAssumption,
): LegacyRow | UnreadableRows {
  const table = nameOf(recognised);
  if (row.kind === 'lost') return { kind: 'unreadable', file, table, row: row.rowId, rows: row.rows, reason: row.reason, original: null };
  const [noun, read] = READERS[recognised.content as keyof typeof READERS];
  try {
    const fields = new Fields(row);
    const value = read(fields, assumption);
    return { kind: 'row', noun, provenance: { file, table, row: row.rowId }, value, original: row.cells, notes: fields.notes } as LegacyRow;
  } catch (error) {
    if (!(error instanceof RowUnreadable)) throw error;
    return { kind: 'unreadable', file, table, row: row.rowId, rows: 1, reason: error.message, original: row.cells };
  }
}

/** The schemas whose releases wrote UTC: until 0.4.0, and in development from the end of 2024 on local time. Of D10 and D11 there were both. */
const UTC_SCHEMAS = ['D01', 'D02', 'D03', 'D04', 'D05', 'D06', 'D07', 'D08', 'D09'];

/** What PyRIT's moments without a zone mean in this file. */
function assumptionFor({ family, versions }: RecognisedTable, recognition: Recognition): TimeAssumption {
  if (family !== 'pyrit') return 'utc';
  const made = recognition.versions.length > 0 ? recognition.versions : versions;
  const newest: readonly string[] = versionsSince('1.1.0 in development');
  return made.every((version) => UTC_SCHEMAS.includes(version) || newest.includes(version)) ? 'utc' : 'local-as-utc';
}
