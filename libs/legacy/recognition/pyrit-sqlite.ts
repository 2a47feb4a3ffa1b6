import { columns, type TableContent, type TableForm } from './form.js';

/** The shapes of PyRIT's SQLite files, oldest first. `1.1.0 in development` is the newest that is known here. */
const VERSIONS = ['0.10.0rc0', '0.10.0', '0.11.0', '0.12.0', '0.13.0', '0.14.0', '1.0.0', '1.1.0 in development'] as const;
export type PyritVersion = (typeof VERSIONS)[number];
const NEWEST = '1.1.0 in development';

function form(table: string, content: TableContent, first: PyritVersion, last: PyritVersion, text: string): TableForm {
  const versions = VERSIONS.slice(VERSIONS.indexOf(first), VERSIONS.indexOf(last) + 1);
  return { table, family: 'pyrit', content, versions, columns: columns(text) };
}

const MESSAGE =
  'id, role, conversation_id, sequence, timestamp, prompt_metadata, converter_identifiers, response_error, original_value_data_type, original_value, ' +
  'original_value_sha256, converted_value_data_type, converted_value, converted_value_sha256, original_prompt_id';
const SCORE =
  'id, score_value, score_value_description, score_type, score_category, score_rationale, score_metadata, scorer_class_identifier, ' +
  'prompt_request_response_id, timestamp';
const SEED =
  'id, value, value_sha256, data_type, name, dataset_name, harm_categories, description, authors, groups, source, date_added, added_by, ' +
  'prompt_metadata, parameters, prompt_group_id, sequence, role';
const ATTACK_RESULT =
  'id, conversation_id, objective, objective_sha256, last_response_id, last_score_id, executed_turns, execution_time_ms, outcome, outcome_reason, ' +
  'attack_metadata, pruned_conversation_ids, adversarial_chat_conversation_ids, timestamp';
const FAILURE =
  'labels, error_message, error_type, error_traceback, retry_events_json, total_retries, attribution_parent_id, attribution_data';

/** What came with 1.0.0 beside the rows themselves. */
const IDENTIFIER_TABLES = [
  'TargetIdentifiers',
  'TargetIdentifierChildren',
  'ScorerIdentifiers',
  'ScorerIdentifierChildren',
  'ScenarioIdentifiers',
  'ConverterIdentifiers',
  'PromptConverterIdentifiers',
  'SeedIdentifiers',
  'AttackIdentifiers',
  'AttackRequestConverterIdentifiers',
  'AttackResponseConverterIdentifiers',
  'AttackTechniqueIdentifiers',
  'AttackTechniqueSeedIdentifiers',
  'AtomicAttackIdentifiers',
  'AtomicAttackSeedIdentifiers',
];

/**
 * The forms of PyRIT's tables in SQLite, by their columns: declared types mean little there. Tables whose rows have no counterpart here are carried
 * as they are, and so are known by name.
 */
export const PYRIT_SQLITE_FORMS: readonly TableForm[] = [
  form(
    'PromptMemoryEntries',
    'messages',
    '0.10.0rc0',
    '0.10.0rc0',
    `${MESSAGE}, labels, prompt_target_identifier, orchestrator_identifier`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    '0.10.0',
    '0.10.0',
    `${MESSAGE}, labels, prompt_target_identifier, attack_identifier, targeted_harm_categories`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    '0.11.0',
    '0.14.0',
    `${MESSAGE}, labels, prompt_target_identifier, attack_identifier, targeted_harm_categories, pyrit_version`,
  ),
  form('PromptMemoryEntries', 'messages', '1.0.0', NEWEST, `${MESSAGE}, pyrit_version`),
  form('ScoreEntries', 'scores', '0.10.0rc0', '0.10.0rc0', `${SCORE}, task`),
  form('ScoreEntries', 'scores', '0.10.0', '0.10.0', `${SCORE}, task, objective`),
  form('ScoreEntries', 'scores', '0.11.0', '0.14.0', `${SCORE}, task, objective, pyrit_version`),
  form('ScoreEntries', 'scores', '1.0.0', NEWEST, `${SCORE}, objective, pyrit_version, scorer_identifier_hash`),
  form('SeedPromptEntries', 'seeds', '0.10.0rc0', '0.10.0rc0', SEED),
  form('SeedPromptEntries', 'seeds', '0.10.0', '0.10.0', `${SEED}, is_objective`),
  form('SeedPromptEntries', 'seeds', '0.11.0', '0.12.0', `${SEED}, is_objective, seed_type`),
  form('SeedPromptEntries', 'seeds', '0.13.0', NEWEST, `${SEED}, seed_type`),
  form('AttackResultEntries', 'attack-results', '0.10.0rc0', '0.10.0', `${ATTACK_RESULT}, attack_identifier`),
  form('AttackResultEntries', 'attack-results', '0.11.0', '0.11.0', `${ATTACK_RESULT}, attack_identifier, pyrit_version`),
  form(
    'AttackResultEntries',
    'attack-results',
    '0.12.0',
    '0.13.0',
    `${ATTACK_RESULT}, attack_identifier, pyrit_version, atomic_attack_identifier`,
  ),
  form(
    'AttackResultEntries',
    'attack-results',
    '0.14.0',
    '0.14.0',
    `${ATTACK_RESULT}, attack_identifier, pyrit_version, atomic_attack_identifier, ${FAILURE}`,
  ),
  form(
    'AttackResultEntries',
    'attack-results',
    '1.0.0',
    NEWEST,
    `${ATTACK_RESULT}, pyrit_version, atomic_attack_identifier, ${FAILURE}, targeted_harm_categories, atomic_attack_identifier_hash`,
  ),
  form('EmbeddingData', 'embeddings', '0.10.0rc0', NEWEST, 'id, embedding, embedding_type_name'),
];

/** Tables of PyRIT that are carried as they are, by name, with the version that brought them. */
export const PYRIT_SQLITE_COMPANIONS: ReadonlyMap<string, PyritVersion> = new Map<string, PyritVersion>([
  ['ScenarioResultEntries', '0.10.0'],
  ['pyrit_memory_alembic_version', '0.14.0'],
  ['Conversations', '1.0.0'],
  ...IDENTIFIER_TABLES.map((name) => [name, '1.0.0'] as const),
  ['AdditionalInitializers', NEWEST],
]);

/** Tables that came while the newest version was in development: a file of it may have them or not. */
export const PYRIT_SQLITE_LATER: ReadonlyMap<string, PyritVersion> = new Map<string, PyritVersion>([
  ['ScorableContentEntries', NEWEST],
  ['Observations', NEWEST],
  ['OperationEntries', NEWEST],
  ['FindingEntries', NEWEST],
  ['FindingEvidenceEntries', NEWEST],
]);

/** The versions from one on. */
export function versionsSince(version: PyritVersion): readonly PyritVersion[] {
  return VERSIONS.slice(VERSIONS.indexOf(version));
}
