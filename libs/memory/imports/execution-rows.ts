import type { ExecutionTable } from '../tables.js';
import type { ImportedExecution } from './import-journal.js';

/** The columns of an execution but its ids. */
export function executionColumns(value: ImportedExecution): Omit<ExecutionTable, 'id' | 'orchestrator_id'> {
  return {
    plan: value.plan,
    plan_hash: value.planHash,
    planned: value.planned,
    state: value.state,
    reason: value.reason,
    on_unknown_outcome: value.onUnknownOutcome,
    labels: value.labels,
    created_at: value.createdAt,
    cancel_requested_at: value.cancelRequestedAt,
    max_requests: value.maxRequests,
    max_tokens: value.maxTokens,
    max_cost: value.maxCost,
    started_at: value.startedAt,
    finished_at: value.finishedAt,
  };
}

/** When it ended, as far as that was noted. */
export function endOf({ finishedAt, startedAt, createdAt }: ImportedExecution): string {
  return finishedAt ?? startedAt ?? createdAt;
}
