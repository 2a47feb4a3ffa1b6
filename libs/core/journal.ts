import type { AttackOutcome, Place } from './attack.js';
import type { GeneratorFault, TokenUsage } from './generator.js';
import type { ChatMessage } from './message.js';
import type { ScoreValue } from './scorer.js';

/** On whose behalf a model is called. */
export type AttemptPurpose = 'target' | 'converter' | 'attacker' | 'judge';

/** The states of an item. All but `open` are final for a scoring run. */
export const ITEM_STATES = ['open', 'answered', 'scored', 'blocked', 'errored', 'skipped', 'cancelled', 'unknown'] as const;
export type ItemState = (typeof ITEM_STATES)[number];
export type SettledState = Exclude<ItemState, 'open'>;

/** planned = open + answered + scored + blocked + errored + skipped + cancelled + unknown, always. */
export type Coverage = { readonly planned: number } & Readonly<Record<ItemState, number>>;

/** What is done with items that were in flight when the process died. */
export type UnknownOutcomePolicy = 'resend' | 'mark';

export type ExecutionState = 'queued' | 'running' | 'paused' | 'completed' | 'cancelled' | 'failed';

/** One planned prompt. Its id is a hash of content, converter chain, repeat and occurrence, never of a position. */
export interface Item {
  readonly id: string;
  /** 0-based order in the plan, for pages and for people. */
  readonly position: number;
  readonly promptId: string;
  readonly value: string;
  /** Index into the plan's converter chains. */
  readonly chain: number;
  readonly repeat: number;
  readonly occurrence: number;
}

interface AttemptPlace {
  readonly attemptId: string;
  readonly itemId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Durable before the request is sent. */
export interface AttemptIntended extends AttemptPlace {
  readonly kind: 'attempt-intended';
  readonly purpose: AttemptPurpose;
  readonly turn: number;
  readonly branch: number;
  /** 0 for the first, then counted per (item, purpose, turn, branch). */
  readonly retry: number;
}

/** The request and the answer, with what was measured. A judge's answer has no `exchange`: its words are the score's rationale. */
export interface AttemptAnswered extends AttemptPlace {
  readonly kind: 'attempt-answered';
  readonly blocked: boolean;
  readonly latencyMs: number;
  readonly finishReason: string | null;
  readonly usage: TokenUsage | null;
  readonly exchange: Exchange | null;
}

/** A user message and its answer, ready to be remembered. The store assigns their sequence numbers. */
export interface Exchange {
  readonly conversationId: string;
  /** What stands before the first request of a conversation: a system prompt, turns that were made up. */
  readonly preceding?: readonly ChatMessage[];
  /** With the first exchange of a conversation that goes on from another: it begins with copies of the other's messages up to this response. */
  readonly continues?: { readonly conversationId: string; readonly responseId: string };
  readonly requestId: string;
  readonly responseId: string;
  readonly original: string;
  readonly converted: string;
  readonly response: string;
}

/** Why there was no answer; `not-sent` when the execution was ended before. */
export type AttemptFault = GeneratorFault | 'not-sent';

export interface AttemptFailed extends AttemptPlace {
  readonly kind: 'attempt-failed';
  readonly latencyMs: number;
  readonly fault: AttemptFault;
  readonly detail: string;
}

/** After a crash: it was sent, or about to be, and nobody knows what came of it. */
export interface AttemptLost extends AttemptPlace {
  readonly kind: 'attempt-lost';
}

export interface ItemScored {
  readonly kind: 'item-scored';
  readonly scoreId: string;
  readonly itemId: string;
  /** The response that is judged. */
  readonly messageId: string;
  readonly scoringRunId: string;
  readonly scorer: { readonly id: string | null; readonly name: string; readonly type: string; readonly version: string };
  readonly at: number;
  readonly score: ScoreValue;
}

export interface ItemSettled {
  readonly kind: 'item-settled';
  readonly itemId: string;
  /** The state of the latest scoring run counts. */
  readonly scoringRunId: string;
  readonly state: SettledState;
  /** Why, where the state alone does not say. */
  readonly reason: string | null;
  readonly at: number;
}

/** How an attack on one objective ended: remembered with the item's end. */
export interface AttackEnded {
  readonly kind: 'attack-ended';
  readonly itemId: string;
  readonly scoringRunId: string;
  readonly at: number;
  readonly outcome: AttackOutcome;
  readonly reason: string | null;
  readonly turns: number;
  readonly backtracks: number;
  /** The conversation with the target that it ended with, and the answer in it; null when there was none. */
  readonly conversationId: string | null;
  readonly responseId: string | null;
  /** The conversations with the target that were given up. */
  readonly prunedConversationIds: readonly string[];
  readonly attackerConversationIds: readonly string[];
  /** All requests of the item together, judges' and lost ones excepted. */
  readonly latencyMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What an execution yields and a store remembers, in order. */
export type ExecutionEvent = AttemptIntended | AttemptAnswered | AttemptFailed | AttemptLost | ItemScored | AttackEnded | ItemSettled;

/** An attempt of an item according to the journal. */
export interface PastAttempt extends Place {
  readonly attemptId: string;
  readonly purpose: AttemptPurpose;
  /** `open` when nobody knows yet what came of it. */
  readonly state: 'open' | 'answered' | 'failed' | 'lost';
  readonly blocked: boolean;
  readonly latencyMs: number;
  readonly finishReason: string | null;
  readonly usage: TokenUsage | null;
  readonly fault: AttemptFault | null;
  readonly detail: string | null;
  readonly exchange: Exchange | null;
}

/** A score of an item's answer from before. */
export interface PastScore {
  readonly messageId: string;
  readonly scoringRunId: string;
  readonly scorerId: string | null;
  readonly scorerVersion: string;
  readonly score: ScoreValue;
}

/** Where an item stood when its execution was taken up: everything that the journal has of it, in order. */
export interface ItemProgress {
  readonly item: Item;
  readonly attempts: readonly PastAttempt[];
  readonly scores: readonly PastScore[];
  /** The answer that it was planned to judge, where it was not planned to ask something; null when it is gone. */
  readonly stored: StoredAnswer | null;
}

/** An answer that was there before the execution. `responseId` names the original, on which scores hang. */
export type StoredAnswer = Exchange & { readonly blocked: boolean };
