import type { JsonValue } from '#core';
import type { CatalogTransaction } from './storage.js';

/** A text is stored in parts: the engine holds a column of many rows in memory at once. */
const PART_LENGTH = 16_384;

/** Writes what a document says, of which nothing is stored. */
export async function writeBody(tx: CatalogTransaction, document_id: string, body: JsonValue): Promise<void> {
  // In ASCII: a part must not begin with the second half of a character.
  const text = JSON.stringify(body).replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  for (let part = 0; part * PART_LENGTH < text.length; part++)
    await tx
      .insertInto('migration_texts')
      .values({ document_id, part, text: text.slice(part * PART_LENGTH, (part + 1) * PART_LENGTH) })
      .execute();
}
