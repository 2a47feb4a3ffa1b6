import { contentId, type JsonObject, type JsonValue } from '#core';
import type { LegacyRowOf } from '#legacy';
import type { ImportRow } from '#memory';
import { momentOf, traceOf, type RowContext } from './row-context.js';

export function datasetRow(row: LegacyRowOf<'dataset'>, context: RowContext): ImportRow {
  const { id, name, source, metadata, createdAt } = row.value;
  const { description } = metadata;
  return {
    noun: 'dataset',
    provenance: row.provenance,
    value: {
      id,
      name,
      description: typeof description === 'string' ? description : '',
      source,
      origin: context.origin,
      createdAt: momentOf(createdAt),
    },
    original: context.original(row),
  };
}

export function promptRow(row: LegacyRowOf<'prompt'>, context: RowContext): ImportRow {
  const { datasetId, position, value, metadata } = row.value;
  return {
    noun: 'prompt',
    provenance: row.provenance,
    value: { datasetId, position, value, harmCategories: categoriesIn(metadata), metadata: withNotes(metadata, row.notes) },
    original: context.original(row),
  };
}

/** What the seeds of PyRIT that name no dataset are put into. */
const UNNAMED = 'PyRIT seeds without a dataset';

/**
 * A seed of PyRIT: a prompt of the dataset that it names. PyRIT had no rows for datasets, so one is made of the first seed that names it.
 * @param made the datasets of this person that were made in this file so far, by id.
 */
export function seedRows(row: LegacyRowOf<'seed'>, person: string, made: Set<string>, context: RowContext): ImportRow[] {
  const { value: seed, provenance } = row;
  const name = seed.datasetName ?? UNNAMED;
  const datasetId = contentId({ file: context.file, person, dataset: name });
  const { id, description, authors, groups, source, addedBy, parameters, groupId, sequence, role, seedType, dataType } = seed;
  const details = { id, name: seed.name, description, authors, groups, source, addedBy, parameters, groupId, sequence, role, seedType };
  const rows: ImportRow[] = [];
  if (!made.has(datasetId)) {
    made.add(datasetId);
    const head = { ...provenance, table: `${provenance.table} (datasets)` };
    rows.push({
      noun: 'dataset',
      provenance: head,
      value: {
        id: datasetId,
        name,
        description: 'Seeds of PyRIT',
        source: 'pyrit',
        origin: context.origin,
        createdAt: momentOf(seed.addedAt),
      },
      original: context.part(provenance, head),
    });
  }
  rows.push({
    noun: 'prompt',
    provenance,
    value: {
      datasetId,
      position: provenance.row,
      value: seed.value,
      harmCategories: seed.harmCategories,
      metadata: { ...seed.metadata, ...traceOf(row, seed.addedAt, { ...details, dataType: dataType === 'text' ? null : dataType }) },
    },
    original: context.original(row),
  });
  return rows;
}

function categoriesIn(metadata: JsonObject): readonly string[] {
  const given: JsonValue | undefined = metadata['harm_categories'];
  return Array.isArray(given) ? (given as readonly JsonValue[]).filter((each): each is string => typeof each === 'string') : [];
}

function withNotes(metadata: JsonObject, notes: readonly string[]): JsonObject {
  return notes.length === 0 ? metadata : { ...metadata, legacy: { notes } };
}
