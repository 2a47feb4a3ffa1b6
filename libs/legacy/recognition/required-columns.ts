import type { TableContent } from './form.js';

/**
 * Without which columns a table can't be read as what its name says, whatever else it has: of each group one. A table that lacks them only
 * happens to have the same name.
 */
export const REQUIRED_COLUMNS: Readonly<Record<TableContent, readonly (readonly string[])[]>> = {
  messages: [['id', 'uuid'], ['conversation_id'], ['role'], ['original_value', 'original_prompt_text', 'content']],
  scores: [['id'], ['score_value'], ['score_type']],
  seeds: [['id'], ['value'], ['data_type']],
  embeddings: [['id', 'uuid'], ['embedding']],
  'attack-results': [['id'], ['conversation_id'], ['objective'], ['outcome']],
  generators: [['id'], ['name'], ['parameters'], ['user_id']],
  converters: [['id'], ['name'], ['parameters'], ['user_id']],
  scorers: [['id'], ['name'], ['parameters'], ['user_id']],
  datasets: [['id'], ['name'], ['source_type'], ['user_id']],
  'dataset-prompts': [['id'], ['dataset_id'], ['prompt_text']],
  sessions: [['id'], ['user_id'], ['session_data']],
  orchestrators: [['id'], ['name'], ['orchestrator_type'], ['parameters']],
  executions: [['id'], ['orchestrator_id'], ['results']],
  'api-keys': [['id'], ['user_id'], ['key_hash']],
  carried: [],
};
