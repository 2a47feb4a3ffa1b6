import { sql } from 'kysely';
import type { Migrations } from '#database';
import type { CatalogTables } from './schema.js';

/** Forward only; a step that was released never changes. */
export const migrations: Migrations<CatalogTables> = {
  '0001-catalog': async (db, { momentType, jsonType }) => {
    const moment = sql.raw(momentType);
    const json = sql.raw(jsonType);
    await sql`create table users (user_id varchar primary key, issuer varchar not null, canonical_name varchar not null, created_at ${moment} not null)`.execute(
      db,
    );
    await sql`create table aliases (issuer varchar not null, name varchar not null, alias_id varchar not null, user_id varchar not null,
      created_at ${moment} not null, primary key (issuer, name))`.execute(db);
    await sql`create table roles (user_id varchar not null, role varchar not null, granted_at ${moment} not null, primary key (user_id, role))`.execute(
      db,
    );
    await sql`create table stores (store_id varchar primary key, user_id varchar not null, backend varchar not null, location varchar not null,
      state varchar not null, created_at ${moment} not null, updated_at ${moment} not null)`.execute(db);
    await sql`create table api_keys (key_id varchar primary key, user_id varchar not null, name varchar not null, hash varchar not null,
      hint varchar not null, scopes ${json} not null, created_at ${moment} not null, last_used_at ${moment}, expires_at ${moment},
      revoked_at ${moment})`.execute(db);
    await sql`create table idempotency_keys (request_hash varchar primary key, user_id varchar not null, body_hash varchar not null,
      status integer not null, location varchar, body varchar, created_at ${moment} not null)`.execute(db);
    await sql`create table audit (entry_id varchar primary key, created_at ${moment} not null, actor varchar not null, action varchar not null,
      subject varchar not null, details ${json} not null)`.execute(db);
  },
  '0002-work': async (db) => {
    // No default: to give one to a new column DuckDB changes a setting, and the settings are locked.
    await sql`alter table stores add column may_have_work boolean`.execute(db);
    await sql`update stores set may_have_work = true`.execute(db);
  },
  '0003-migration-ledger': async (db, { momentType }) => {
    const moment = sql.raw(momentType);
    await sql`create table migration_documents (document_id varchar primary key, kind varchar not null, state varchar not null, parent_id varchar,
      hash varchar, created_by varchar not null, created_at ${moment} not null, updated_at ${moment} not null)`.execute(db);
    await sql`create table migration_texts (document_id varchar not null, part integer not null, text varchar not null)`.execute(db);
    await sql`create table migration_assignments (file varchar not null, name varchar not null, user_id varchar not null,
      created_by varchar not null, created_at ${moment} not null)`.execute(db);
  },
  '0004-alerts': async (db, { momentType, jsonType }) => {
    const moment = sql.raw(momentType);
    await sql`create table alerts (alert_id varchar primary key, type varchar not null, severity varchar not null, fingerprint varchar not null,
      store_id varchar, user_id varchar, summary varchar not null, details ${sql.raw(jsonType)} not null, state varchar not null,
      first_at ${moment} not null, last_at ${moment} not null, times integer not null, resolved_at ${moment}, acknowledged_at ${moment},
      acknowledged_by varchar, delivery varchar not null, attempts integer not null, last_error varchar, sent_at ${moment})`.execute(db);
    await sql`create table facts (name varchar primary key, value varchar not null)`.execute(db);
    await sql`create table store_marks (store_id varchar primary key, mark varchar not null)`.execute(db);
  },
  '0005-lifecycle': async (db, { momentType, jsonType }) => {
    const moment = sql.raw(momentType);
    await sql`create table claims (issuer varchar not null, kind varchar not null, value_hash varchar not null, user_id varchar not null,
      seen_at ${moment} not null)`.execute(db);
    await sql`create table shared_claims (issuer varchar not null, value_hash varchar not null)`.execute(db);
    await sql`create table identity_flips (flip_id varchar primary key, issuer varchar not null, name varchar not null, user_id varchar not null,
      state varchar not null, created_at ${moment} not null, updated_at ${moment} not null, decided_by varchar)`.execute(db);
    await sql`create table retention_rules (user_id varchar not null, executions_days integer, conversations_days integer,
      updated_by varchar not null, updated_at ${moment} not null)`.execute(db);
    await sql`create table erasures (erasure_id varchar primary key, user_id varchar not null, step varchar not null,
      requested_by varchar not null, begun_at ${moment} not null, ended_at ${moment}, report ${sql.raw(jsonType)} not null)`.execute(db);
  },
};

/** The schema that a catalog has once it was opened: the name of the last step. */
export const CATALOG_SCHEMA = Object.keys(migrations).at(-1) ?? '';
