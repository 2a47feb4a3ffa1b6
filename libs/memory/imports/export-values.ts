import type { Message } from '../long-texts.js';
import type {
  AttackResultTable,
  AttemptTable,
  ConfigurationTable,
  DatasetTable,
  ExecutionTable,
  ItemTable,
  OutcomeTable,
  PromptTable,
  ScoreTable,
} from '../tables.js';
import type { ImportValues } from './import-row.js';

/** What a stored configuration is in the words of an import. @param origin what its name is followed by where another has it. */
export function configurationValue(row: ConfigurationTable, origin: string): ImportValues['generator'] {
  const { id, name, type, parameters, secrets, revision } = row;
  return { id, name, type, parameters, secrets, revision, origin, createdAt: row.created_at, updatedAt: row.updated_at };
}

export function datasetValue(row: DatasetTable, origin: string): ImportValues['dataset'] {
  const { id, name, description, source } = row;
  return { id, name, description, source, duplicateCount: row.duplicate_count, origin, createdAt: row.created_at };
}

export function promptValue(row: PromptTable): ImportValues['prompt'] {
  const { position, value, metadata } = row;
  return { datasetId: row.dataset_id, position, value, harmCategories: row.harm_categories, metadata };
}

export function executionValue(row: ExecutionTable): ImportValues['execution'] {
  const { id, planned, state, reason, labels } = row;
  return {
    id,
    planned,
    state,
    reason,
    labels,
    orchestratorId: row.orchestrator_id,
    plan: row.plan as ImportValues['execution']['plan'],
    planHash: row.plan_hash,
    onUnknownOutcome: row.on_unknown_outcome,
    createdAt: row.created_at,
    cancelRequestedAt: row.cancel_requested_at,
    maxRequests: row.max_requests,
    maxTokens: row.max_tokens,
    maxCost: row.max_cost,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export function messageValue(row: Message): ImportValues['message'] {
  const { id, sequence, role, labels, metadata } = row;
  return {
    id,
    sequence,
    role,
    labels,
    metadata,
    conversationId: row.conversation_id,
    sentAt: row.sent_at,
    originalValue: row.original_value,
    convertedValue: row.converted_value,
    dataType: row.data_type,
    responseError: row.response_error,
    originalPromptId: row.original_prompt_id,
    executionId: row.execution_id,
    itemId: row.item_id,
  };
}

export function itemValue(row: ItemTable): ImportValues['item'] {
  const { id, position, value, chain, repeat, occurrence } = row;
  return { executionId: row.execution_id, id, position, promptId: row.prompt_id, value, chain, repeat, occurrence };
}

export function attemptValue(row: AttemptTable): ImportValues['attempt'] {
  const { phase, purpose, turn, branch, retry, blocked, fault, detail } = row;
  return {
    executionId: row.execution_id,
    itemId: row.item_id,
    attemptId: row.attempt_id,
    happenedAt: row.happened_at,
    phase,
    purpose,
    turn,
    branch,
    retry,
    blocked,
    fault,
    detail,
    latencyMs: row.latency_ms,
    finishReason: row.finish_reason,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    requestId: row.request_id,
    responseId: row.response_id,
  };
}

export function outcomeValue(row: OutcomeTable): ImportValues['outcome'] {
  const { state, reason } = row;
  return {
    executionId: row.execution_id,
    itemId: row.item_id,
    scoringRunId: row.scoring_run_id,
    state,
    reason,
    settledAt: row.settled_at,
  };
}

export function attackResultValue(row: AttackResultTable): ImportValues['attackResult'] {
  const { outcome, reason, turns, backtracks } = row;
  return {
    executionId: row.execution_id,
    itemId: row.item_id,
    scoringRunId: row.scoring_run_id,
    outcome,
    reason,
    turns,
    backtracks,
    conversationId: row.conversation_id,
    responseId: row.response_id,
    prunedConversationIds: row.pruned_conversation_ids,
    attackerConversationIds: row.attacker_conversation_ids,
    latencyMs: row.latency_ms,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    endedAt: row.ended_at,
  };
}

export function scoreValue(row: ScoreTable): ImportValues['score'] {
  const { id, value, category, rationale, metadata } = row;
  return {
    id,
    value,
    category,
    rationale,
    metadata,
    messageId: row.message_id,
    scorerName: row.scorer_name,
    scorerType: row.scorer_type,
    scorerVersion: row.scorer_version,
    scoreType: row.score_type,
    scoredAt: row.scored_at,
    // What was made up says so in its metadata already.
    synthetic: false,
    executionId: row.execution_id,
    itemId: row.item_id,
    scoringRunId: row.scoring_run_id,
    scorerId: row.scorer_id,
  };
}
