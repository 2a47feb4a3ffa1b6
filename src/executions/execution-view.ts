import type { Coverage } from '#core';
import type { LimitState, Spent } from '#execution';
import type { ExecutionTable } from '#memory';
import type { EndpointDto, ExecutionDto } from './execution.dto.js';
import type { ExecutionProgress } from './execution-progress.js';
import { limitsOf } from './execution-spending.js';
import type { ResolvedPlan } from './resolved-plan.js';

/** The coverage of an execution that has no items. */
export const NO_COVERAGE: Coverage = {
  planned: 0,
  open: 0,
  answered: 0,
  scored: 0,
  blocked: 0,
  errored: 0,
  skipped: 0,
  cancelled: 0,
  unknown: 0,
};

/** The plan as it was stored, by this or an earlier release. */
export function planOf(row: ExecutionTable): ResolvedPlan {
  const {
    attacker = null,
    judges = {},
    ...plan
  } = row.plan as unknown as Omit<ResolvedPlan, 'attacker' | 'judges'> & Partial<ResolvedPlan>;
  return { ...plan, attacker, judges };
}

/** An execution for a person. @param progress when it runs in this process. */
export function executionView(
  row: ExecutionTable,
  coverage: Coverage,
  spent: Spent,
  progress: ExecutionProgress | null,
  endpoint: LimitState | null,
): ExecutionDto {
  const report = progress?.current(row.state, row.reason);
  return {
    id: row.id,
    orchestratorId: row.orchestrator_id,
    orchestratorName: planOf(row).orchestrator.name,
    state: row.state,
    reason: row.reason,
    coverage,
    progress: { promptsPerSecond: report?.promptsPerSecond ?? null, etaSeconds: report?.etaSeconds ?? null },
    endpoint: endpoint && endpointView(endpoint),
    spending: { ...spent, ...limitsOf(row) },
    planHash: row.plan_hash,
    onUnknownOutcome: row.on_unknown_outcome,
    labels: row.labels,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

function endpointView({ breaker, retryInMs, heldForMs, window, own }: LimitState): EndpointDto {
  const moment = (inMs: number): string => new Date(Date.now() + inMs).toISOString();
  return {
    breaker,
    retryAt: retryInMs === null ? null : moment(retryInMs),
    heldUntil: heldForMs > 0 ? moment(heldForMs) : null,
    window: Math.floor(window),
    inFlight: own.inFlight,
    waiting: own.waiting,
  };
}
