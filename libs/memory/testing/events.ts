import {
  uuidv7,
  type AttemptAnswered,
  type AttemptFailed,
  type AttemptIntended,
  type AttemptLost,
  type Exchange,
  type Item,
  type ItemScored,
  type ItemSettled,
  type SettledState,
} from '#core';

const AT = Date.parse('2026-03-04T05:06:07.089Z');

export function intended(item: Item, changes: Partial<AttemptIntended> = {}): AttemptIntended {
  return {
    kind: 'attempt-intended',
    attemptId: uuidv7(),
    itemId: item.id,
    at: AT,
    purpose: 'target',
    turn: 0,
    branch: 0,
    retry: 0,
    ...changes,
  };
}

export function exchangeOf(item: Item, changes: Partial<Exchange> = {}): Exchange {
  return {
    conversationId: uuidv7(),
    requestId: uuidv7(),
    responseId: uuidv7(),
    original: item.value,
    converted: `converted ${item.value}`,
    response: `answer to ${item.value}`,
    ...changes,
  };
}

export type Answered = AttemptAnswered & { readonly exchange: Exchange };

export function answered({ attemptId, itemId }: AttemptIntended, exchange: Exchange, changes: Partial<AttemptAnswered> = {}): Answered {
  const measured = { latencyMs: 12.6, finishReason: 'stop', usage: { inputTokens: 7, outputTokens: 9 } };
  return { kind: 'attempt-answered', attemptId, itemId, at: AT + 1, blocked: false, ...measured, ...changes, exchange };
}

export function failed({ attemptId, itemId }: AttemptIntended): AttemptFailed {
  return { kind: 'attempt-failed', attemptId, itemId, at: AT + 1, latencyMs: 30, fault: 'timeout', detail: 'no answer in 30 s' };
}

export function lost({ attemptId, itemId }: AttemptIntended): AttemptLost {
  return { kind: 'attempt-lost', attemptId, itemId, at: AT + 2 };
}

export const refusal = { id: '01890000-0000-7000-8000-00000000005c', name: 'refusal', type: 'refusal-phrases', version: '1' };

export function scored(answer: Answered, scoringRunId: string, value: string, changes: Partial<ItemScored> = {}): ItemScored {
  return {
    kind: 'item-scored',
    scoreId: uuidv7(),
    itemId: answer.itemId,
    messageId: answer.exchange.responseId,
    scoringRunId,
    scorer: refusal,
    at: AT + 3,
    score: { type: 'true_false', value, category: null, rationale: 'because', metadata: null },
    ...changes,
  };
}

export function settled(itemId: string, state: SettledState, scoringRunId: string, reason: string | null = null): ItemSettled {
  return { kind: 'item-settled', itemId, scoringRunId, state, reason, at: AT + 4 };
}
