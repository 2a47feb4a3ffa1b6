import { SecretBox } from '#core';
import { discover, isFinding, openLegacy, readLegacy, recognise, type LegacyRow, type LegacyRowOf } from '#legacy';
import type { ImportRow } from '#memory';

const NONE_OPEN = { isOpenHere: (): boolean => false };
const BOX = new SecretBox(new Uint8Array(32).fill(7));

/** The messages of the one old file in a folder, as a migration hands them to a memory: read from a private copy, their originals sealed. */
export async function* legacyMessages(folder: string): AsyncGenerator<ImportRow> {
  for await (const found of discover([folder], NONE_OPEN)) {
    if ('reason' in found) throw new Error(found.detail);
    const opened = await openLegacy(found, { ...NONE_OPEN, memoryLimitMb: 32 });
    if (isFinding(opened)) throw new Error(opened.detail);
    await using database = opened;
    for await (const row of readLegacy(database, recognise(database))) {
      if (row.kind === 'unreadable') throw new Error(row.reason);
      if (row.kind === 'row' && isMessage(row)) yield importRow(row);
    }
  }
}

function isMessage(row: LegacyRow): row is LegacyRowOf<'message'> {
  return row.noun === 'message';
}

function importRow({ provenance, value, original }: LegacyRowOf<'message'>): ImportRow {
  const { file, table, row } = provenance;
  return {
    noun: 'message',
    provenance,
    value: {
      id: value.id,
      conversationId: value.conversationId,
      sequence: value.sequence,
      role: value.role ?? 'user',
      sentAt: value.sentAt?.at ?? '',
      originalValue: value.originalValue,
      convertedValue: value.convertedValue ?? value.originalValue,
      dataType: value.convertedDataType,
      responseError: value.responseError,
      labels: value.labels,
      metadata: value.metadata,
      originalPromptId: value.originalPromptId,
    },
    original: BOX.seal(JSON.stringify(original), `import/${file}/${table}/${row}`),
  };
}
