import type { LegacyRow } from '#legacy';
import type { ImportRow } from '#memory';
import { configurationRow } from './configuration-rows.js';
import { datasetRow, promptRow, seedRows } from './dataset-rows.js';
import { executionRows } from './execution-rows.js';
import { messageRow, scoreRow } from './message-rows.js';
import { remainderRow } from './remainder-rows.js';
import type { RowContext } from './row-context.js';

const NO_COUNTERPART = {
  session: 'The state of a page of ViolentUTF: there is nothing here that it would be the state of.',
  apiKey: 'Keys of ViolentUTF were tokens of another issuer: they open nothing here. Make new ones.',
  attackResult: 'A result of an attack of PyRIT, which has no execution here: its conversation and its scores are taken over.',
  carried: 'Its table has no counterpart here.',
} as const;

/**
 * A row of an old file in the words of a memory, with the rows that are made of its parts: the first is the row itself.
 * @param person whose it is
 * @param seedDatasets see `seedRows`
 */
export function importRows(row: LegacyRow, person: string, seedDatasets: Set<string>, context: RowContext): Iterable<ImportRow> {
  switch (row.noun) {
    case 'generator':
    case 'converter':
    case 'scorer':
    case 'orchestrator':
      return [configurationRow(row, context)];
    case 'dataset':
      return [datasetRow(row, context)];
    case 'prompt':
      return [promptRow(row, context)];
    case 'seed':
      return seedRows(row, person, seedDatasets, context);
    case 'message':
      return [messageRow(row, context)];
    case 'score':
      return [scoreRow(row, context)];
    case 'execution':
      return executionRows(row, context);
    default:
      return [remainderRow(row, NO_COUNTERPART[row.noun], context)];
  }
}
