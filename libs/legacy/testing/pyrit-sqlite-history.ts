import { fixture } from './fixtures.js';

const RELEASE_CANDIDATE = [
  `create table "PromptMemoryEntries" (id char(36) not null primary key, role varchar not null, conversation_id varchar not null,
    sequence integer not null, timestamp datetime not null, labels json not null, prompt_metadata json not null, converter_identifiers json,
    prompt_target_identifier json not null, orchestrator_identifier json not null, response_error varchar, original_value_data_type varchar not null,
    original_value varchar not null, original_value_sha256 varchar, converted_value_data_type varchar not null, converted_value varchar,
    converted_value_sha256 varchar, original_prompt_id char(36) not null)`,
  `create table "SeedPromptEntries" (id char(36) not null primary key, value varchar not null, value_sha256 varchar, data_type varchar not null,
    name varchar, dataset_name varchar, harm_categories json, description varchar, authors json, groups json, source varchar,
    date_added datetime not null, added_by varchar not null, prompt_metadata json, parameters json, prompt_group_id char(36), sequence integer,
    role varchar)`,
  `create table "EmbeddingData" (id char(32) not null primary key references "PromptMemoryEntries" (id), embedding json, embedding_type_name varchar)`,
  `create table "ScoreEntries" (id char(36) not null primary key, score_value varchar not null, score_value_description varchar,
    score_type varchar not null, score_category varchar, score_rationale varchar, score_metadata varchar, scorer_class_identifier json not null,
    prompt_request_response_id char(36) references "PromptMemoryEntries" (id), timestamp datetime not null, task varchar)`,
  `create table "AttackResultEntries" (id char(36) not null primary key, conversation_id varchar not null, objective varchar not null,
    attack_identifier json not null, objective_sha256 varchar, last_response_id char(36), last_score_id char(36), executed_turns integer not null,
    execution_time_ms integer not null, outcome varchar not null, outcome_reason varchar, attack_metadata json, pruned_conversation_ids json,
    adversarial_chat_conversation_ids json, timestamp datetime not null)`,
];

/** What each release changed, by the history of its models. */
const STEPS: readonly (readonly [version: string, changes: readonly string[]])[] = [
  ['0.10.0rc0', RELEASE_CANDIDATE],
  [
    '0.10.0',
    [
      'alter table "PromptMemoryEntries" rename column orchestrator_identifier to attack_identifier',
      'alter table "PromptMemoryEntries" add column targeted_harm_categories json',
      'alter table "ScoreEntries" add column objective varchar',
      'alter table "SeedPromptEntries" add column is_objective boolean',
      `create table "ScenarioResultEntries" (id char(36) not null primary key, scenario_name varchar not null, attack_results_json varchar)`,
    ],
  ],
  [
    '0.11.0',
    [
      'alter table "PromptMemoryEntries" add column pyrit_version varchar',
      'alter table "ScoreEntries" add column pyrit_version varchar',
      'alter table "AttackResultEntries" add column pyrit_version varchar',
      `alter table "SeedPromptEntries" add column seed_type varchar not null default 'prompt'`,
    ],
  ],
  ['0.12.0', ['alter table "AttackResultEntries" add column atomic_attack_identifier json']],
  ['0.13.0', ['alter table "SeedPromptEntries" drop column is_objective']],
  [
    '0.14.0',
    [
      'create table pyrit_memory_alembic_version (version_num varchar(32) not null primary key)',
      ...['labels json', 'error_message varchar', 'error_type varchar', 'error_traceback varchar', 'retry_events_json varchar'].map(
        (column) => `alter table "AttackResultEntries" add column ${column}`,
      ),
      ...['total_retries integer', 'attribution_parent_id char(36)', 'attribution_data json'].map(
        (column) => `alter table "AttackResultEntries" add column ${column}`,
      ),
    ],
  ],
];

/** The statements that make an empty SQLite database of each release of PyRIT, by release. */
export async function pyritSqliteHistory(): Promise<Readonly<Record<string, readonly string[]>>> {
  const history: Record<string, readonly string[]> = {};
  let statements: readonly string[] = [];
  for (const [version, changes] of STEPS) {
    statements = [...statements, ...changes];
    history[version] = statements;
  }
  const newest = (await fixture('pyrit-head.sql'))
    .toString('utf8')
    .split(/;\n/)
    .filter((statement) => statement.trim() !== '');
  history['1.0.0'] = newest.filter((statement) => !statement.includes('"AdditionalInitializers"'));
  history['1.1.0 in development'] = newest;
  return history;
}
