export { Catalog } from './catalog.js';
export type { Alert, AlertDelivery, AlertFilter, Alerts, AlertSeverity, AlertState, DeliveryState } from './alerts.js';
export type { Alias, Aliases } from './aliases.js';
export { API_KEY_PREFIX, type ApiKey, type ApiKeys, type KeyHolder, type NewApiKey } from './api-keys.js';
export type { AuditEntry, AuditTrail } from './audit-trail.js';
export type { Facts } from './facts.js';
export { CLAIM_KINDS, type ClaimKind, type SeenClaim } from './claims.js';
export { ERASURE_STEPS, type DoomedStore, type Erasure, type Erasures, type ErasureStep } from './erasures.js';
export type { Forgotten } from './forget-person.js';
export type { Handover, Handovers } from './handovers.js';
export type { FlipState, IdentityFlip, IdentityFlips } from './identity-flips.js';
export { requestHash, type IdempotencyKeys, type IdempotentRequest, type KeptAnswer } from './idempotency-keys.js';
export type {
  MigrationAssignment,
  MigrationCount,
  MigrationDocument,
  MigrationKind,
  MigrationLedger,
  MigrationState,
} from './migration-ledger.js';
export { CATALOG_SCHEMA } from './migrations.js';
export type { CatalogPage, PageRequest } from './page.js';
export type { FoundStore, RestoredStore } from './restoration.js';
export type { RetentionRule, RetentionRules } from './retention-rules.js';
export type { Roles } from './roles.js';
export type { CatalogOptions } from './storage.js';
export type { StoreMarks } from './store-marks.js';
export type { Store, StoreBackend, StorePlace, Stores, StoreState } from './stores.js';
export type { Identity, User, Users } from './users.js';
