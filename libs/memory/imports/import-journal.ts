import type { AttackOutcome, AttemptFault, AttemptPurpose, ExecutionState, JsonObject, SettledState, UnknownOutcomePolicy } from '#core';

/**
 * An execution that has ended: what comes in is never taken up and run. Its content is all of it but its ids. Moments, here and below, are ISO 8601 UTC
 * text with milliseconds, integers have 32 bits, and ids are as the same file has them.
 */
export interface ImportedExecution {
  readonly id: string;
  /** As the same file names it; it stays as it is when the file has no such orchestrator. */
  readonly orchestratorId: string;
  readonly plan: JsonObject;
  readonly planHash: string;
  readonly planned: number;
  readonly state: ExecutionState;
  readonly reason: string | null;
  readonly onUnknownOutcome: UnknownOutcomePolicy;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly cancelRequestedAt: string | null;
  readonly maxRequests: number | null;
  readonly maxTokens: number | null;
  readonly maxCost: number | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** A part of an execution that the same file has. */
interface ImportedPart {
  readonly executionId: string;
}

export interface ImportedItem extends ImportedPart {
  readonly id: string;
  readonly position: number;
  /** The content id of the prompt; where stored answers were judged, the id of the message. */
  readonly promptId: string;
  readonly value: string;
  readonly chain: number;
  readonly repeat: number;
  readonly occurrence: number;
}

/** One phase of an attempt. What the phase does not say is null. */
export interface ImportedAttempt extends ImportedPart {
  readonly itemId: string;
  readonly attemptId: string;
  readonly phase: 'intended' | 'answered' | 'failed' | 'lost';
  readonly happenedAt: string;
  readonly purpose: AttemptPurpose | null;
  readonly turn: number | null;
  readonly branch: number | null;
  readonly retry: number | null;
  readonly latencyMs: number | null;
  readonly blocked: boolean | null;
  readonly finishReason: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Messages of the same file. */
  readonly requestId: string | null;
  readonly responseId: string | null;
  readonly fault: AttemptFault | null;
  readonly detail: string | null;
}

export interface ImportedOutcome extends ImportedPart {
  readonly itemId: string;
  /** Of several, the greatest id is the latest. */
  readonly scoringRunId: string;
  readonly state: SettledState;
  readonly reason: string | null;
  readonly settledAt: string;
}

export interface ImportedAttackResult extends ImportedPart {
  readonly itemId: string;
  readonly scoringRunId: string;
  readonly outcome: AttackOutcome;
  readonly reason: string | null;
  readonly turns: number;
  readonly backtracks: number;
  /** A conversation and a message of the same file. */
  readonly conversationId: string | null;
  readonly responseId: string | null;
  readonly prunedConversationIds: readonly string[];
  readonly attackerConversationIds: readonly string[];
  readonly latencyMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly endedAt: string;
}
