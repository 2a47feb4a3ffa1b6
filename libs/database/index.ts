export type {
  Commit,
  Database,
  DatabaseActivity,
  DatabaseContent,
  DatabaseSize,
  Displacement,
  EngineCapabilities,
  Insert,
  Migration,
  Migrations,
  Rescue,
  Rows,
  TableContent,
} from './database.js';
export { DatabaseRegistry, type Lendable, type RegistryStats } from './database-registry.js';
export * from './errors.js';
export { migrate, pendingMigrations } from './migrator.js';
export { compactDuckDb, isBloated, type Compaction } from './duckdb/compact.js';
export { removeDrafts } from './duckdb/drafts.js';
export { isOpenDatabaseFile } from './duckdb/file-claims.js';
export { lastCheckpoint } from './duckdb/last-checkpoint.js';
export { moveFile, syncPath } from './duckdb/move-file.js';
export { duckDbKey, openDuckDb, type DuckDbLocation, type DuckDbOptions } from './duckdb/open.js';
