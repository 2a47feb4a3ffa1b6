import { sql, type Kysely } from 'kysely';
import type { EngineCapabilities, Migrations } from '#database';
import { CONFIGURATION_NOUNS, type MemoryTables } from './tables.js';

/** Every step that a store has ever taken. A step that has been released is never changed: the next change is the next step. */
export const memoryMigrations: Migrations<MemoryTables> = {
  '0001-initial': initial,
  '0002-long-texts': longTexts,
  '0003-spending': spending,
  '0004-attacks': attacks,
  '0005-texts-once': textsOnce,
  '0006-imports': imports,
};

/**
 * Primary keys only where a row is looked up by its id; the journal has none, because there the writer alone decides what is written, and zone
 * maps find rows whose ids grow with time.
 */
async function initial(db: Kysely<MemoryTables>, { jsonType, momentType }: EngineCapabilities): Promise<void> {
  const json = sql.raw(jsonType);
  const moment = sql.raw(momentType);
  await sql`create table owner (
    store_id uuid not null, user_id uuid not null, issuer varchar not null, name varchar not null, aliases ${json} not null,
    created_at ${moment} not null)`.execute(db);
  for (const noun of CONFIGURATION_NOUNS) {
    await sql`create table ${sql.table(noun)} (
      id uuid not null primary key, name varchar not null, type varchar not null, parameters ${json} not null, secrets ${json} not null,
      revision integer not null, created_at ${moment} not null, updated_at ${moment} not null)`.execute(db);
  }
  await sql`create table datasets (
    id uuid not null primary key, name varchar not null, description varchar not null, source varchar not null, prompt_count integer not null,
    duplicate_count integer not null, content_hash varchar not null, created_at ${moment} not null)`.execute(db);
  await sql`create table prompts (
    dataset_id uuid not null, position integer not null, prompt_id uuid not null, value varchar not null, harm_categories ${json} not null,
    metadata ${json} not null)`.execute(db);
  await sql`create table executions (
    id uuid not null primary key, orchestrator_id uuid not null, plan ${json} not null, plan_hash varchar not null, planned integer not null,
    state varchar not null, reason varchar, on_unknown_outcome varchar not null, labels ${json} not null, created_at ${moment} not null,
    cancel_requested_at ${moment}, started_at ${moment}, finished_at ${moment})`.execute(db);
  await sql`create table items (
    execution_id uuid not null, id uuid not null, position integer not null, prompt_id uuid not null, value varchar not null,
    chain integer not null, repeat integer not null, occurrence integer not null)`.execute(db);
  await sql`create table attempts (
    execution_id uuid not null, item_id uuid not null, attempt_id uuid not null, phase varchar not null, happened_at ${moment} not null,
    purpose varchar, turn integer, branch integer, retry integer, latency_ms integer, blocked boolean, finish_reason varchar,
    input_tokens integer, output_tokens integer, request_id uuid, response_id uuid, fault varchar, detail varchar)`.execute(db);
  await sql`create table outcomes (
    execution_id uuid not null, item_id uuid not null, scoring_run_id uuid not null, state varchar not null, reason varchar,
    settled_at ${moment} not null)`.execute(db);
  await sql`create table messages (
    id uuid not null primary key, conversation_id uuid not null, sequence integer not null, role varchar not null, sent_at ${moment} not null,
    original_value varchar not null, original_value_sha256 varchar not null, converted_value varchar not null,
    converted_value_sha256 varchar not null, data_type varchar not null, response_error varchar not null, labels ${json} not null,
    metadata ${json} not null, original_prompt_id uuid not null, execution_id uuid, item_id uuid)`.execute(db);
  await sql`create table scores (
    id uuid not null primary key, message_id uuid not null, scoring_run_id uuid, execution_id uuid, item_id uuid, scorer_id uuid,
    scorer_name varchar not null, scorer_type varchar not null, scorer_version varchar not null, score_type varchar not null,
    value varchar not null, category varchar, rationale varchar not null, metadata ${json}, scored_at ${moment} not null)`.execute(db);
}

/** Texts of any length: what is long lies in parts of their own (see long-texts.ts). */
async function longTexts(db: Kysely<MemoryTables>): Promise<void> {
  await sql`alter table messages add column original_parts integer`.execute(db);
  await sql`alter table messages add column converted_parts integer`.execute(db);
  await sql`create table long_texts (message_id uuid not null, field varchar not null, part integer not null, text varchar not null)`.execute(
    db,
  );
}

/** What an execution may spend. */
async function spending(db: Kysely<MemoryTables>): Promise<void> {
  await sql`alter table executions add column max_requests integer`.execute(db);
  await sql`alter table executions add column max_tokens integer`.execute(db);
  await sql`alter table executions add column max_cost double precision`.execute(db);
}

/** How attacks ended. */
async function attacks(db: Kysely<MemoryTables>, { jsonType, momentType }: EngineCapabilities): Promise<void> {
  const json = sql.raw(jsonType);
  await sql`create table attack_results (
    execution_id uuid not null, item_id uuid not null, scoring_run_id uuid not null, outcome varchar not null, reason varchar,
    turns integer not null, backtracks integer not null, conversation_id uuid, response_id uuid, pruned_conversation_ids ${json} not null,
    attacker_conversation_ids ${json} not null, latency_ms integer not null, input_tokens integer not null, output_tokens integer not null,
    ended_at ${sql.raw(momentType)} not null)`.execute(db);
}

/** A text that no converter changed is kept once: half of what a campaign writes. */
async function textsOnce(db: Kysely<MemoryTables>): Promise<void> {
  await sql`alter table messages alter column converted_value drop not null`.execute(db);
  await sql`alter table messages alter column converted_value_sha256 drop not null`.execute(db);
}

/** What came from elsewhere, row by row: what it was, what was decided of it, and what it became. */
async function imports(db: Kysely<MemoryTables>, { momentType }: EngineCapabilities): Promise<void> {
  await sql`create table import_rows (
    run_id uuid not null, arrival bigint not null, key uuid not null, file varchar not null, table_name varchar not null, row_number bigint not null,
    noun varchar not null, unit uuid not null, unit_sort varchar not null, sort varchar not null, source_id varchar, link varchar,
    content_hash varchar not null, weight integer not null, pack bigint not null, original_length integer not null, fault varchar)`.execute(
    db,
  );
  await sql`create table import_originals (run_id uuid not null, pack bigint not null, part integer not null, text varchar not null)`.execute(
    db,
  );
  await sql`create table import_values (run_id uuid not null, arrival bigint not null, part integer not null, text varchar not null)`.execute(
    db,
  );
  await sql`create table import_work (
    run_id uuid not null, chunk integer not null, place integer not null, arrival bigint not null, weight integer not null)`.execute(db);
  await sql`create table import_decisions (
    run_id uuid not null, key uuid not null, chunk integer not null, place integer not null, noun varchar not null, file varchar not null,
    unit uuid not null, source_id varchar, content_hash varchar not null, decision varchar not null, reason varchar, id uuid,
    row_hash varchar)`.execute(db);
  await sql`create table import_renames (
    run_id uuid not null, chunk integer not null, noun varchar not null, id uuid not null, old_name varchar not null, new_name varchar not null,
    row_hash varchar not null)`.execute(db);
  await sql`create table import_undone (run_id uuid not null, key uuid not null, undone_at ${sql.raw(momentType)} not null)`.execute(db);
}

/** The schema that a memory has once it was opened: the name of the last step. */
export const MEMORY_SCHEMA = Object.keys(memoryMigrations).at(-1) ?? '';
