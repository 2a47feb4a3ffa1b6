export type { Database, DatabaseSize, EngineCapabilities, Insert, Migration, Migrations, Rows } from './database.js';
export { DatabaseRegistry, type Lendable, type RegistryStats } from './database-registry.js';
export * from './errors.js';
export { migrate } from './migrator.js';
export { duckDbKey, openDuckDb, removeDrafts, type DuckDbLocation, type DuckDbOptions } from './duckdb/open.js';
