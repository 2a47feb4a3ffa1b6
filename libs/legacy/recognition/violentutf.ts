import { columns, type Family, type TableContent, type TableForm } from './form.js';

function form(table: string, family: Family, content: TableContent, version: string, text: string): TableForm {
  return { table, family, content, versions: [version], columns: columns(text) };
}

const PLUGIN = 'id, name, type, parameters, status, created_at, updated_at, user_id, test_results';

/**
 * The tables of ViolentUTF: of the file of each user with what that user had configured (made by its DuckDB manager), three more that its
 * initialisation made and nothing ever filled, and the SQLite database that all users shared.
 */
export const VIOLENTUTF_FORMS: readonly TableForm[] = [
  form('generators', 'violentutf-configuration', 'generators', 'manager', PLUGIN),
  form('converters', 'violentutf-configuration', 'converters', 'manager', PLUGIN),
  form('scorers', 'violentutf-configuration', 'scorers', 'manager', PLUGIN),
  form(
    'datasets',
    'violentutf-configuration',
    'datasets',
    'manager',
    'id, name, source_type, configuration, status, created_at, updated_at, user_id, metadata',
  ),
  form(
    'dataset_prompts',
    'violentutf-configuration',
    'dataset-prompts',
    'manager',
    'id, dataset_id, prompt_text, prompt_index, metadata, created_at',
  ),
  form(
    'user_sessions',
    'violentutf-configuration',
    'sessions',
    'manager',
    'id, user_id, session_key, session_data, created_at, updated_at, expires_at',
  ),
  form('prompt_pieces', 'violentutf-configuration', 'carried', 'initialize', 'id, conversation_id, role, content, timestamp, user_id'),
  form('conversations', 'violentutf-configuration', 'carried', 'initialize', 'id, user_id, created_at, metadata'),
  form(
    'scores',
    'violentutf-configuration',
    'carried',
    'initialize',
    'id, prompt_piece_id, scorer_name, score_value, score_metadata, timestamp',
  ),
  form(
    'orchestrator_configurations',
    'violentutf-service',
    'orchestrators',
    'service',
    'id, name, orchestrator_type, description, parameters, tags, status, created_by, created_at, updated_at, pyrit_identifier, instance_active',
  ),
  form(
    'orchestrator_executions',
    'violentutf-service',
    'executions',
    'service',
    'id, orchestrator_id, execution_name, execution_type, input_data, status, results, execution_summary, started_at, completed_at, created_by, ' +
      'pyrit_memory_session, conversation_ids',
  ),
  form(
    'api_keys',
    'violentutf-service',
    'api-keys',
    'service',
    'id, user_id, name, key_hash, permissions, created_at, expires_at, last_used_at, is_active',
  ),
];
