import type { Stretch } from '#core';
import type { Message } from '../long-texts.js';
import { MessageReader, type MessageCursor } from '../messages.js';
import type {
  AttackResultTable,
  AttemptTable,
  ConfigurationTable,
  DatasetTable,
  ExecutionTable,
  ItemTable,
  OutcomeTable,
  PromptTable,
  ScoreTable,
} from '../tables.js';
import { rowsOf, type ExportedTable } from './export-pages.js';
import {
  attackResultValue,
  attemptValue,
  configurationValue,
  datasetValue,
  executionValue,
  itemValue,
  messageValue,
  outcomeValue,
  promptValue,
  scoreValue,
} from './export-values.js';
import type { ImportNoun, ImportRow, ImportValues } from './import-row.js';
import { NAMED_TABLES, PART_TABLES, type ConfigurationImport } from './noun-tables.js';
import type { Read } from './staged.js';

const CONFIGURATIONS: readonly ConfigurationImport[] = ['generator', 'converter', 'scorer', 'orchestrator'];
const PAGE_MESSAGES = 500;

/** An exported row before it has its number. */
type Exported = { [Noun in ImportNoun]: { noun: Noun; table: string; value: ImportValues[Noun]; row: object } }[ImportNoun];

/**
 * A whole memory as rows to take into another, in bounded memory: whole texts, everything but its owner and what it notes of imports. The file of their
 * provenance is `store:<store id>`, and their numbers are counted by table in the order of their keys: they stay the same for as long as nobody writes to
 * the memory, which the caller sees to until all rows are received. Executions that have not ended come as they are, and are put aside where they come in:
 * they have to be ended first. Secrets stay sealed for the configurations' ids.
 * @param seal seals the JSON of a row as it was stored, which becomes the original of the row.
 */
export async function* exportRows(read: Read, seal: (text: string) => string): AsyncGenerator<ImportRow> {
  const { store_id } = await read((db) => db.selectFrom('owner').select('store_id').executeTakeFirstOrThrow());
  const numbers = new Map<string, number>();
  for await (const { noun, table, value, row } of exported(read, `memory ${store_id.slice(-8)}`)) {
    const number = numbers.get(table) ?? 0;
    numbers.set(table, number + 1);
    const provenance = { file: `store:${store_id}`, table, row: number };
    yield { noun, provenance, value, original: seal(JSON.stringify(row)) } as ImportRow;
  }
}

async function* exported(read: Read, origin: string): AsyncGenerator<Exported> {
  for (const noun of CONFIGURATIONS) {
    const table = NAMED_TABLES[noun];
    for await (const row of rowsOf<ConfigurationTable>(read, { table, keys: ['id'], text: 'parameters' }))
      yield { noun, table, value: configurationValue(row, origin), row };
  }
  for await (const row of rowsOf<DatasetTable>(read, { table: 'datasets', keys: ['id'], text: 'description' })) {
    yield { noun: 'dataset', table: 'datasets', value: datasetValue(row, origin), row };
    const prompts: ExportedTable = { table: 'prompts', keys: ['position'], text: 'value', within: { column: 'dataset_id', id: row.id } };
    for await (const prompt of rowsOf<PromptTable>(read, prompts))
      yield { noun: 'prompt', table: 'prompts', value: promptValue(prompt), row: prompt };
  }
  yield* messages(read);
  for await (const row of rowsOf<ExecutionTable>(read, { table: 'executions', keys: ['id'], text: 'plan' })) {
    yield { noun: 'execution', table: 'executions', value: executionValue(row), row };
    yield* parts(read, row.id);
  }
  for await (const row of rowsOf<ScoreTable>(read, { table: 'scores', keys: ['id'], text: 'rationale' }))
    yield { noun: 'score', table: 'scores', value: scoreValue(row), row };
}

async function* messages(read: Read): AsyncGenerator<Exported> {
  for (let cursor: MessageCursor | null = null; ;) {
    const after: MessageCursor | null = cursor;
    const { rows, more }: Stretch<Message> = await read((db) => new MessageReader(db).page({}, PAGE_MESSAGES, after));
    for (const row of rows) yield { noun: 'message', table: 'messages', value: messageValue(row), row };
    const last: Message | undefined = rows.at(-1);
    if (last === undefined || !more) return;
    cursor = { conversationId: last.conversation_id, sequence: last.sequence };
  }
}

async function* parts(read: Read, executionId: string): AsyncGenerator<Exported> {
  const within = { column: 'execution_id', id: executionId };
  const { item: items, attempt: attempts, outcome: outcomes, attackResult: attackResults } = PART_TABLES;
  for await (const row of rowsOf<ItemTable>(read, { table: items, keys: ['position', 'id'], text: 'value', within }))
    yield { noun: 'item', table: items, value: itemValue(row), row };
  for await (const row of rowsOf<AttemptTable>(read, { table: attempts, keys: ['attempt_id', 'phase'], text: 'detail', within }))
    yield { noun: 'attempt', table: attempts, value: attemptValue(row), row };
  for await (const row of rowsOf<OutcomeTable>(read, { table: outcomes, keys: ['item_id', 'scoring_run_id'], text: 'reason', within }))
    yield { noun: 'outcome', table: outcomes, value: outcomeValue(row), row };
  for await (const row of rowsOf<AttackResultTable>(read, {
    table: attackResults,
    keys: ['item_id', 'scoring_run_id'],
    text: 'reason',
    within,
  }))
    yield { noun: 'attackResult', table: attackResults, value: attackResultValue(row), row };
}
