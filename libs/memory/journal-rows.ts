import { sha256, uuidv7, type AttackEnded, type AttemptAnswered, type ChatMessage, type Exchange, type ExecutionEvent } from '#core';
import type { Rows } from '#database';
import type { Reservations } from './conversation-tails.js';
import { messageRows, type WholeMessage } from './long-texts.js';
import type { AttackResultTable, AttemptTable, MemoryTables, OutcomeTable, ScoreTable } from './tables.js';

/** What the rows of an execution carry besides the events. */
export interface JournalContext {
  readonly executionId: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The rows that remember a batch of events: the journal, and the projections that are written with it.
 * @param reservations whose tails know the conversations of the events.
 * @param continued what the conversations begin with that go on from others, by the id of the one that begins.
 */
export function journalRows(
  events: readonly ExecutionEvent[],
  context: JournalContext,
  reservations: Reservations,
  continued: ReadonlyMap<string, readonly WholeMessage[]>,
): Rows<MemoryTables> {
  const attempts: Partial<AttemptTable>[] = [];
  const outcomes: OutcomeTable[] = [];
  const messages: WholeMessage[] = [];
  const scores: ScoreTable[] = [];
  const attack_results: AttackResultTable[] = [];
  for (const event of events) {
    const place = { execution_id: context.executionId, item_id: event.itemId };
    const moment = new Date(event.at).toISOString();
    switch (event.kind) {
      case 'attempt-intended': {
        const { attemptId, purpose, turn, branch, retry } = event;
        attempts.push({ ...place, attempt_id: attemptId, phase: 'intended', happened_at: moment, purpose, turn, branch, retry });
        break;
      }
      case 'attempt-answered':
        attempts.push({ ...place, ...answeredColumns(event), happened_at: moment });
        if (event.exchange) messages.push(...exchangeRows(event, event.exchange, context, reservations, continued));
        break;
      case 'attempt-failed': {
        const { attemptId, latencyMs, fault, detail } = event;
        attempts.push({
          ...place,
          attempt_id: attemptId,
          phase: 'failed',
          happened_at: moment,
          latency_ms: Math.round(latencyMs),
          fault,
          detail,
        });
        break;
      }
      case 'attempt-lost':
        attempts.push({ ...place, attempt_id: event.attemptId, phase: 'lost', happened_at: moment });
        break;
      case 'item-scored': {
        const { scoreId, messageId, scoringRunId, scorer, score } = event;
        scores.push({
          ...place,
          id: scoreId,
          message_id: messageId,
          scoring_run_id: scoringRunId,
          scorer_id: scorer.id,
          scorer_name: scorer.name,
          scorer_type: scorer.type,
          scorer_version: scorer.version,
          score_type: score.type,
          value: score.value,
          category: score.category,
          rationale: score.rationale,
          metadata: score.metadata,
          scored_at: moment,
        });
        break;
      }
      case 'attack-ended':
        attack_results.push({ ...place, ...attackColumns(event), ended_at: moment });
        break;
      case 'item-settled': {
        const { scoringRunId, state, reason } = event;
        outcomes.push({ ...place, scoring_run_id: scoringRunId, state, reason, settled_at: moment });
        break;
      }
    }
  }
  return { attempts, ...messageRows(messages), scores, attack_results, outcomes };
}

function answeredColumns(event: AttemptAnswered): Partial<AttemptTable> {
  return {
    attempt_id: event.attemptId,
    phase: 'answered',
    latency_ms: Math.round(event.latencyMs),
    blocked: event.blocked,
    finish_reason: event.finishReason,
    input_tokens: event.usage?.inputTokens ?? null,
    output_tokens: event.usage?.outputTokens ?? null,
    request_id: event.exchange?.requestId ?? null,
    response_id: event.exchange?.responseId ?? null,
  };
}

function attackColumns(event: AttackEnded): Omit<AttackResultTable, 'execution_id' | 'item_id' | 'ended_at'> {
  return {
    scoring_run_id: event.scoringRunId,
    outcome: event.outcome,
    reason: event.reason,
    turns: event.turns,
    backtracks: event.backtracks,
    conversation_id: event.conversationId,
    response_id: event.responseId,
    pruned_conversation_ids: event.prunedConversationIds,
    attacker_conversation_ids: event.attackerConversationIds,
    latency_ms: Math.round(event.latencyMs),
    input_tokens: event.inputTokens,
    output_tokens: event.outputTokens,
  };
}

/** The rows of an exchange: before them, where it begins a conversation, what that begins with. */
function exchangeRows(
  event: AttemptAnswered,
  exchange: Exchange,
  context: JournalContext,
  reservations: Reservations,
  continued: ReadonlyMap<string, readonly WholeMessage[]>,
): WholeMessage[] {
  const { conversationId } = exchange;
  const place = { conversation_id: conversationId, execution_id: context.executionId, item_id: event.itemId };
  const shared = { ...place, sent_at: new Date(event.at).toISOString(), labels: context.labels };
  const copies = continued.get(conversationId) ?? [];
  const rows = [
    ...copies.map((message) => ({ ...message, ...place, id: uuidv7() })),
    ...(exchange.preceding ?? []).map((message) => ({ ...shared, ...textColumns(uuidv7(), message, message.content) })),
    { ...shared, ...textColumns(exchange.requestId, { role: 'user', content: exchange.converted }, exchange.original) },
    { ...shared, ...textColumns(exchange.responseId, { role: 'assistant', content: exchange.response }, exchange.response, event.blocked) },
  ];
  const first = reservations.reserve(conversationId, rows.length);
  return rows.map((row, index) => ({ ...row, sequence: first + index }));
}

function textColumns(id: string, { role, content }: ChatMessage, original: string, blocked = false) {
  const convertedSha256 = sha256(content);
  return {
    id,
    role,
    original_value: original,
    original_value_sha256: original === content ? convertedSha256 : sha256(original),
    converted_value: content,
    converted_value_sha256: convertedSha256,
    data_type: 'text',
    response_error: blocked ? 'blocked' : 'none',
    metadata: {},
    original_prompt_id: id,
  };
}
