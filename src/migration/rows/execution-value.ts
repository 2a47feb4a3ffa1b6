import { canonicalJson, sha256, type ExecutionState, type JsonObject, type JsonValue } from '#core';
import type { LegacyExecution } from '#legacy';
import type { ImportValues } from '#memory';
import { scorerType } from './execution-score.js';
import { LEGACY_VERSION } from './message-rows.js';
import { momentOf } from './row-context.js';

/** The longest text of an error that is kept as a reason. */
const LONGEST_REASON = 500;

/**
 * An execution of ViolentUTF as one of this server that has ended, with a plan that says what is known of it.
 * @param runId its scoring run
 */
export function executionValue(id: string, runId: string, execution: LegacyExecution): Omit<ImportValues['execution'], 'planned'> {
  const { input, scores, status, error, startedAt, completedAt } = execution;
  const metadata = objectIn(input['metadata']);
  const scorers = new Map(scores.filter(({ synthetic }) => !synthetic).map((score) => [score.scorerName, scorerType(score)]));
  const plan: JsonObject = {
    version: 1,
    orchestrator: {
      id: execution.orchestratorId,
      name: execution.name ?? execution.orchestratorId,
      type: 'violentutf',
      revision: 1,
      parameters: {},
    },
    generator: null,
    attacker: null,
    chains: [[]],
    scorers: [...scorers].map(([name, type]) => ({
      id: null,
      name,
      type,
      revision: 1,
      parameters: {},
      version: LEGACY_VERSION,
      judge: null,
    })),
    judges: {},
    repeats: 1,
    seed: '',
    scoringRunId: runId,
    source: sourceOf(execution, metadata),
  };
  return {
    id,
    orchestratorId: execution.orchestratorId,
    plan,
    planHash: sha256(canonicalJson(plan)),
    ...endOf(status, error),
    onUnknownOutcome: 'mark',
    labels: { from: 'violentutf', ...textsIn(metadata, execution.secrets) },
    createdAt: momentOf(startedAt),
    cancelRequestedAt: null,
    maxRequests: null,
    maxTokens: null,
    maxCost: null,
    startedAt: startedAt?.at ?? null,
    finishedAt: completedAt?.at ?? startedAt?.at ?? null,
  };
}

/** It has ended, whatever was noted: nothing of it may ever be sent again. */
function endOf(status: string | null, error: string | null): { readonly state: ExecutionState; readonly reason: string | null } {
  if (status === 'completed') return { state: 'completed', reason: null };
  if (status === 'failed')
    return { state: 'failed', reason: `It failed in ViolentUTF${error === null ? '.' : `: ${error.slice(0, LONGEST_REASON)}`}` };
  return { state: 'cancelled', reason: 'It had not ended when ViolentUTF stopped; ViolentUTF kept results of ended ones only.' };
}

function sourceOf({ type, input }: LegacyExecution, metadata: JsonObject): JsonObject {
  const { dataset_id: datasetId, sample_size: sampleSize } = input;
  if (type !== 'dataset' || typeof datasetId !== 'string') return { kind: 'prompts' };
  const name = metadata['dataset_name'];
  return {
    kind: 'dataset',
    datasetId,
    name: typeof name === 'string' ? name : datasetId,
    contentHash: '',
    sampleSize: typeof sampleSize === 'number' ? sampleSize : null,
  };
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** What is short enough to look for, and no secret. @param secrets pointers into the input of the execution */
function textsIn(metadata: JsonObject, secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([name, value]) => {
      const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      return isPlain && !secrets.includes(`/metadata/${name}`) ? [[name, String(value)]] : [];
    }),
  );
}
