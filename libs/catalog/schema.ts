import type { JsonObject } from '#core';

/** The tables as they are stored. Moments are ISO 8601 UTC with milliseconds. There are no foreign keys: the writers keep the rows together. */
export interface CatalogTables {
  users: UserRow;
  aliases: AliasRow;
  roles: { user_id: string; role: string; granted_at: string };
  stores: StoreRow;
  api_keys: ApiKeyRow;
  idempotency_keys: IdempotencyRow;
  migration_documents: MigrationDocumentRow;
  migration_texts: { document_id: string; part: number; text: string };
  migration_assignments: { file: string; name: string; user_id: string; created_by: string; created_at: string };
  alerts: AlertRow;
  facts: { name: string; value: string };
  store_marks: { store_id: string; mark: string };
  claims: ClaimRow;
  /** Values that several persons bear. */
  shared_claims: { issuer: string; value_hash: string };
  identity_flips: IdentityFlipRow;
  retention_rules: RetentionRow;
  erasures: ErasureRow;
  audit: { entry_id: string; created_at: string; actor: string; action: string; subject: string; details: JsonObject };
}

export interface UserRow {
  user_id: string;
  issuer: string;
  canonical_name: string;
  created_at: string;
}

export interface AliasRow {
  issuer: string;
  name: string;
  alias_id: string;
  user_id: string;
  created_at: string;
}

export interface StoreRow {
  store_id: string;
  user_id: string;
  backend: string;
  location: string;
  state: string;
  /** False when it had nothing unfinished at the last start, and nothing was begun since. */
  may_have_work: boolean;
  created_at: string;
  updated_at: string;
}

export interface ApiKeyRow {
  key_id: string;
  user_id: string;
  name: string;
  hash: string;
  hint: string;
  scopes: readonly string[];
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
}

export interface IdempotencyRow {
  request_hash: string;
  user_id: string;
  body_hash: string;
  status: number;
  location: string | null;
  /** JSON text: it is handed back as it was. */
  body: string | null;
  created_at: string;
}

export interface MigrationDocumentRow {
  document_id: string;
  kind: string;
  state: string;
  parent_id: string | null;
  hash: string | null;
  created_by: string;
  created_at: string;
  updated_at: string;
}

export interface AlertRow {
  alert_id: string;
  type: string;
  severity: string;
  fingerprint: string;
  store_id: string | null;
  user_id: string | null;
  summary: string;
  details: JsonObject;
  state: string;
  first_at: string;
  last_at: string;
  times: number;
  resolved_at: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  /** How far the message about its state has come. */
  delivery: string;
  attempts: number;
  last_error: string | null;
  sent_at: string | null;
}

/** A name that tokens of a person carried, as a hash. */
export interface ClaimRow {
  issuer: string;
  kind: string;
  value_hash: string;
  user_id: string;
  seen_at: string;
}

export interface IdentityFlipRow {
  flip_id: string;
  issuer: string;
  name: string;
  user_id: string;
  state: string;
  created_at: string;
  updated_at: string;
  decided_by: string | null;
}

export interface RetentionRow {
  user_id: string;
  executions_days: number | null;
  conversations_days: number | null;
  updated_by: string;
  updated_at: string;
}

export interface ErasureRow {
  erasure_id: string;
  user_id: string;
  step: string;
  requested_by: string;
  begun_at: string;
  ended_at: string | null;
  /** What was removed: counts and ids. */
  report: JsonObject;
}
