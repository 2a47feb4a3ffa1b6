import { columns, type TableContent, type TableForm } from './form.js';

/** The 18 schemas of PyRIT's DuckDB files, oldest first, with the releases that had them. */
export const PYRIT_DUCKDB_RELEASES: Readonly<Record<string, string>> = {
  D01: '0.1.2',
  D02: '0.1.3 in development',
  D03: '0.1.3 in development',
  D04: '0.1.3 in development',
  D05: '0.2.0–0.2.1',
  D06: '0.3.0 in development',
  D07: '0.3.0–0.4.0',
  D08: '0.5.0 in development',
  D09: '0.5.0 in development',
  D10: '0.5.0 in development',
  D11: '0.5.0–0.5.2',
  D12: '0.6.0 in development',
  D13: '0.6.0',
  D14: '0.7.0–0.9.0',
  D15: '0.9.1 in development',
  D16: '0.9.1 in development',
  D17: '0.9.1 in development',
  D18: '0.9.1 in development',
};

const SCHEMAS = Object.keys(PYRIT_DUCKDB_RELEASES);

function form(table: string, content: TableContent, first: string, last: string, text: string): TableForm {
  const versions = SCHEMAS.slice(SCHEMAS.indexOf(first), SCHEMAS.indexOf(last) + 1);
  return { table, family: 'pyrit', content, versions, columns: columns(text) };
}

const ENTRY = 'id UUID!, role VARCHAR!, conversation_id VARCHAR!, sequence INTEGER!, timestamp TIMESTAMP!';
const PROMPT_TEXTS =
  'original_prompt_data_type VARCHAR!, original_prompt_text VARCHAR!, original_prompt_data_sha256 VARCHAR, ' +
  'converted_prompt_data_type VARCHAR!, converted_prompt_text VARCHAR, converted_prompt_data_sha256 VARCHAR';
const VALUES =
  'original_value_data_type VARCHAR!, original_value VARCHAR!, original_value_sha256 VARCHAR, ' +
  'converted_value_data_type VARCHAR!, converted_value VARCHAR, converted_value_sha256 VARCHAR';
const EARLY_IDENTIFIERS = 'converters JSON, prompt_target JSON, orchestrator JSON';
const IDENTIFIERS = 'converter_identifiers JSON, prompt_target_identifier JSON, orchestrator_identifier JSON';
const EMBEDDING = 'embedding FLOAT[], embedding_type_name VARCHAR';
const SCORE =
  'id UUID!, score_value VARCHAR!, score_value_description VARCHAR, score_type VARCHAR!, score_rationale VARCHAR, score_metadata VARCHAR, ' +
  'prompt_request_response_id UUID';
const SEED =
  'id UUID!, value VARCHAR!, data_type VARCHAR!, name VARCHAR, dataset_name VARCHAR, harm_categories JSON, description VARCHAR, authors JSON, ' +
  'groups JSON, source VARCHAR, date_added TIMESTAMP!, added_by VARCHAR!, prompt_metadata JSON, parameters JSON, prompt_group_id UUID, sequence INTEGER';
const ATTACK_RESULT =
  'id UUID!, conversation_id VARCHAR!, objective VARCHAR!, attack_identifier JSON!, objective_sha256 VARCHAR, last_response_id UUID, ' +
  'last_score_id UUID, executed_turns INTEGER!, execution_time_ms INTEGER!, outcome VARCHAR!, outcome_reason VARCHAR, attack_metadata JSON, ' +
  'timestamp TIMESTAMP!';

/** Every form that a table of PyRIT's DuckDB files ever had. Nothing migrated those files: one may hold tables of several versions. */
export const PYRIT_DUCKDB_FORMS: readonly TableForm[] = [
  form(
    'ConversationStore',
    'messages',
    'D01',
    'D01',
    'uuid UUID!, role VARCHAR!, content VARCHAR, conversation_id VARCHAR!, timestamp TIMESTAMP!, normalizer_id VARCHAR, sha256 VARCHAR, labels VARCHAR[]',
  ),
  form('EmbeddingStore', 'embeddings', 'D01', 'D01', `uuid UUID!, ${EMBEDDING}`),
  form(
    'PromptMemoryEntries',
    'messages',
    'D02',
    'D02',
    `${ENTRY}, labels JSON, prompt_metadata JSON, ${EARLY_IDENTIFIERS}, ${PROMPT_TEXTS}`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    'D03',
    'D03',
    `${ENTRY}, labels JSON, prompt_metadata VARCHAR, ${EARLY_IDENTIFIERS}, response_error VARCHAR, ${PROMPT_TEXTS}`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    'D04',
    'D04',
    `${ENTRY}, labels JSON, prompt_metadata VARCHAR, ${IDENTIFIERS}, response_error VARCHAR, ${PROMPT_TEXTS}`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    'D05',
    'D09',
    `${ENTRY}, labels JSON, prompt_metadata VARCHAR, ${IDENTIFIERS}, response_error VARCHAR, ${VALUES}`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    'D10',
    'D11',
    `${ENTRY}, labels JSON, prompt_metadata VARCHAR, ${IDENTIFIERS}, response_error VARCHAR, ${VALUES}, original_prompt_id UUID!`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    'D12',
    'D13',
    `${ENTRY}, labels JSON, prompt_metadata JSON, ${IDENTIFIERS}, response_error VARCHAR, ${VALUES}, original_prompt_id UUID!`,
  ),
  form(
    'PromptMemoryEntries',
    'messages',
    'D14',
    'D18',
    `${ENTRY}, labels JSON!, prompt_metadata JSON!, converter_identifiers JSON, prompt_target_identifier JSON!, orchestrator_identifier JSON!, ` +
      `response_error VARCHAR, ${VALUES}, original_prompt_id UUID!`,
  ),
  form('EmbeddingData', 'embeddings', 'D02', 'D18', `id UUID!, ${EMBEDDING}`),
  form('Score', 'embeddings', 'D06', 'D06', `id UUID!, scorer VARCHAR, ${EMBEDDING}`),
  form('ScoreEntries', 'scores', 'D07', 'D07', `${SCORE}, score_category VARCHAR!, scorer_class_identifier JSON, date_time TIMESTAMP!`),
  form(
    'ScoreEntries',
    'scores',
    'D08',
    'D08',
    `${SCORE}, score_category VARCHAR!, scorer_class_identifier JSON, date_time TIMESTAMP!, task VARCHAR`,
  ),
  form(
    'ScoreEntries',
    'scores',
    'D09',
    'D13',
    `${SCORE}, score_category VARCHAR!, scorer_class_identifier JSON, timestamp TIMESTAMP!, task VARCHAR`,
  ),
  form(
    'ScoreEntries',
    'scores',
    'D14',
    'D15',
    `${SCORE}, score_category VARCHAR!, scorer_class_identifier JSON!, timestamp TIMESTAMP!, task VARCHAR`,
  ),
  form(
    'ScoreEntries',
    'scores',
    'D16',
    'D18',
    `${SCORE}, score_category VARCHAR, scorer_class_identifier JSON!, timestamp TIMESTAMP!, task VARCHAR`,
  ),
  form('SeedPromptEntries', 'seeds', 'D11', 'D12', SEED),
  form('SeedPromptEntries', 'seeds', 'D13', 'D17', `${SEED}, value_sha256 VARCHAR`),
  form('SeedPromptEntries', 'seeds', 'D18', 'D18', `${SEED}, value_sha256 VARCHAR, role VARCHAR`),
  form('AttackResultEntries', 'attack-results', 'D15', 'D16', ATTACK_RESULT),
  form(
    'AttackResultEntries',
    'attack-results',
    'D17',
    'D18',
    `${ATTACK_RESULT}, pruned_conversation_ids JSON, adversarial_chat_conversation_ids JSON`,
  ),
];
