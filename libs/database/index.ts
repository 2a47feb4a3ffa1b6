export type {
  Commit,
  Database,
  DatabaseActivity,
  DatabaseSize,
  Displacement,
  EngineCapabilities,
  Insert,
  Migration,
  Migrations,
  Rescue,
  Rows,
} from './database.js';
export { DatabaseRegistry, type Lendable, type RegistryStats } from './database-registry.js';
export * from './errors.js';
export { migrate, pendingMigrations } from './migrator.js';
export { removeDrafts } from './duckdb/drafts.js';
export { isOpenDatabaseFile } from './duckdb/file-claims.js';
export { lastCheckpoint } from './duckdb/last-checkpoint.js';
export { moveFile } from './duckdb/move-file.js';
export { duckDbKey, openDuckDb, type DuckDbLocation, type DuckDbOptions } from './duckdb/open.js';
