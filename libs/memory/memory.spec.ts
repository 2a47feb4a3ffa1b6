import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { uuidv7 } from '#core';
import { openDuckDb } from '#database';
import type { ImportRow } from './imports/import-row.js';
import { MemoryStore } from './memory-store.js';
import type { MemoryTables } from './tables.js';
import { memoryConformance } from './testing/conformance.js';
import { DuckDbMemoryHarness } from './testing/duckdb-harness.js';
import { answered, exchangeOf, intended } from './testing/events.js';
import { ada, planned } from './testing/harness.js';
import { idOf, Source } from './testing/import-rows.js';

memoryConformance('DuckDB', new DuckDbMemoryHarness());

it('a memory on DuckDB holds answers that are longer together than the engine may use memory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'memory-'));
  const database = await openDuckDb<MemoryTables>({ directory, file: 'one.db' }, { create: true, memoryLimitMb: 64 });
  const store = await MemoryStore.open(database, 'one', ada, true);
  try {
    const plan = await planned(store, 80);
    for (const item of plan.items) {
      await store.append([answered(intended(item), exchangeOf(item, { response: 'x'.repeat(1024 * 1024) }))], plan.context);
    }
    await store.checkpoint();
    const { rows, more } = await store.read(({ messages }) => messages.page({ role: 'assistant' }, 500));
    expect(rows[0]?.original_value).toHaveLength(1024 * 1024);
    expect(more).toBe(true);
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}, 60_000);

it('a memory on DuckDB takes in rows that are together more than the engine may use memory, and gives them back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'memory-'));
  const database = await openDuckDb<MemoryTables>({ directory, file: 'one.db' }, { create: true, memoryLimitMb: 128 });
  const store = await MemoryStore.open(database, 'one', ada, true);
  const count = 6_000;
  function* rows(): Generator<ImportRow> {
    const source = new Source('f1'.repeat(32));
    for (let n = 0; n < count; n++)
      yield {
        ...source.row('message', `${n} ${'x'.repeat(8_000)}`, { conversationId: idOf(`c${n % 1000}`), sequence: n }),
        original: 'y'.repeat(8_000),
      };
  }
  try {
    const run = uuidv7();
    expect(await store.imports.take(run, rows())).toMatchObject([{ noun: 'message', read: count, added: count, waiting: 0 }]);
    await store.checkpoint();
    expect(await store.imports.undo(run)).toEqual({ removed: count, kept: [] });
    expect(await store.read(({ messages }) => messages.newestConversation())).toBeNull();
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}, 120_000);
