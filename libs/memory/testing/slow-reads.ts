import type { Database } from '#database';
import type { MemoryTables } from '../tables.js';

/** The same database, but what was read is handed over only when `gate` lets it through. */
export function withSlowReads(database: Database<MemoryTables>, gate: () => Promise<void>): Database<MemoryTables> {
  return {
    capabilities: database.capabilities,
    get healthy() {
      return database.healthy;
    },
    read: async (fn) => {
      const result = await database.read(fn);
      await gate();
      return result;
    },
    transact: (fn) => database.transact(fn),
    append: (rows) => database.append(rows),
    checkpoint: () => database.checkpoint(),
    size: () => database.size(),
    activity: () => database.activity(),
    freeBytes: () => database.freeBytes(),
    content: () => database.content(),
    copyTo: (path) => database.copyTo(path),
    displaced: () => database.displaced(),
    close: (graceMs, rescue) => database.close(graceMs, rescue),
  };
}
