import { SecretBox } from '#core';
import type { ImportRow, MemoryStore } from '#memory';
import type { FileTally } from '../file-tally.js';
import type { Progress } from '../progress.js';
import type { Merge } from './merge-body.js';

/**
 * Brings all rows of a memory to another one, which notes them as received. Repeated after it was cut off, it passes over what is there, as long as nobody
 * has written to the source.
 */
export async function receiveMemory(
  { storeId, location }: Pick<Merge, 'storeId' | 'location'>,
  { source, target }: { readonly source: MemoryStore; readonly target: MemoryStore },
  { runId, progress, encryptionKey }: { readonly runId: string; readonly progress: Progress; readonly encryptionKey: Uint8Array },
): Promise<FileTally> {
  const file = fileOf(storeId);
  const box = new SecretBox(encryptionKey);
  const rows = new Map<string, number>();
  async function* counted(): AsyncGenerator<ImportRow> {
    for await (const row of source.imports.exportRows((text) => box.seal(text, `import/${file}`))) {
      progress.signal.throwIfAborted();
      rows.set(row.provenance.table, (rows.get(row.provenance.table) ?? 0) + 1);
      progress.row();
      yield row;
    }
  }
  progress.phase('reading', { files: 1 });
  await target.imports.receive(runId, counted());
  progress.file();
  // What a memory counts itself: as many rows have to come.
  const { messages, executions, scores } = await source.read(({ stats }) => stats());
  const stored: Readonly<Record<string, number>> = { messages, executions, scores };
  const tables = [...new Set([...Object.keys(stored), ...rows.keys()])].map((table) => ({
    table,
    rows: stored[table] ?? null,
    read: rows.get(table) ?? 0,
    unreadable: 0,
    leftOut: 0,
    reason: null,
  }));
  return { path: location, sha256: file, tables, delivered: Object.fromEntries(rows), owners: [] };
}

/** What stands for the hash of a file in accounts of a memory. */
export function fileOf(storeId: string): string {
  return `store:${storeId}`;
}
