import type { TokenUsage } from './generator.js';
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

/** The request and the answer, with what was measured. A judge's exchange has no `exchange`: its words are the score's rationale. */
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
  readonly requestId: string;
  readonly responseId: string;
  readonly original: string;
  readonly converted: string;
  readonly response: string;
}

export interface AttemptFailed extends AttemptPlace {
  readonly kind: 'attempt-failed';
  readonly latencyMs: number;
  readonly fault: string;
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
  readonly scorer: { readonly id: string; readonly name: string; readonly type: string; readonly version: string };
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

/** What an execution yields and a store remembers, in order. */
export type ExecutionEvent = AttemptIntended | AttemptAnswered | AttemptFailed | AttemptLost | ItemScored | ItemSettled;

/** Where an item stood when its execution was taken up again. */
export interface ItemProgress {
  readonly item: Item;
  /** How many attempts at the target have been journaled. */
  readonly attempts: number;
  /** The id of a target attempt that was journaled and never resolved. */
  readonly inFlight: string | null;
  /** The ids of all attempts, of whatever purpose, that were journaled and never resolved. */
  readonly unresolved: readonly string[];
  /** How often a judge was asked at each place, by `placeKey`. */
  readonly judged: Readonly<Record<string, number>>;
  /** The answer that stands, if it only waits for its scores. */
  readonly answered: (Exchange & { readonly blocked: boolean }) | null;
}

/** Names the place of an attempt in the conversations of its item. */
export function placeKey(turn: number, branch: number): string {
  return `${turn}/${branch}`;
}
