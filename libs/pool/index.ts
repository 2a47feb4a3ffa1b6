export type { PoolKey } from './inventory.js';
export * from './lease-pool.js';
export type { Lease } from './lease.js';
export type { PoolEnd, PoolEvent, PoolEventKind } from './pool-event.js';
export type { PoolStats } from './pool-stats.js';
