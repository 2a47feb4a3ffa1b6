import { sha256, type AttemptAnswered, type ExecutionEvent } from '#core';
import type { Rows } from '#database';
import type { Reservations } from './conversation-tails.js';
import { messageRows, type WholeMessage } from './long-texts.js';
import type { AttemptTable, MemoryTables, OutcomeTable, ScoreTable } from './tables.js';

/** What the rows of an execution carry besides the events. */
export interface JournalContext {
  readonly executionId: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The rows that remember a batch of events: the journal, and the projections that are written with it.
 * @param reservations whose tails know the conversations of the events.
 */
export function journalRows(events: readonly ExecutionEvent[], context: JournalContext, reservations: Reservations): Rows<MemoryTables> {
  const attempts: Partial<AttemptTable>[] = [];
  const outcomes: OutcomeTable[] = [];
  const messages: WholeMessage[] = [];
  const scores: ScoreTable[] = [];
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
        if (event.exchange) messages.push(...exchangeRows(event, event.exchange, context, reservations, moment));
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
      case 'item-settled': {
        const { scoringRunId, state, reason } = event;
        outcomes.push({ ...place, scoring_run_id: scoringRunId, state, reason, settled_at: moment });
        break;
      }
    }
  }
  return { attempts, ...messageRows(messages), scores, outcomes };
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

function exchangeRows(
  event: AttemptAnswered,
  exchange: NonNullable<AttemptAnswered['exchange']>,
  context: JournalContext,
  reservations: Reservations,
  moment: string,
): WholeMessage[] {
  const first = reservations.reserve(exchange.conversationId, 2);
  const shared = {
    conversation_id: exchange.conversationId,
    sent_at: moment,
    data_type: 'text',
    labels: context.labels,
    metadata: {},
    execution_id: context.executionId,
    item_id: event.itemId,
  };
  const convertedSha256 = sha256(exchange.converted);
  const responseSha256 = sha256(exchange.response);
  return [
    {
      ...shared,
      id: exchange.requestId,
      sequence: first,
      role: 'user',
      original_value: exchange.original,
      original_value_sha256: exchange.original === exchange.converted ? convertedSha256 : sha256(exchange.original),
      converted_value: exchange.converted,
      converted_value_sha256: convertedSha256,
      response_error: 'none',
      original_prompt_id: exchange.requestId,
    },
    {
      ...shared,
      id: exchange.responseId,
      sequence: first + 1,
      role: 'assistant',
      original_value: exchange.response,
      original_value_sha256: responseSha256,
      converted_value: exchange.response,
      converted_value_sha256: responseSha256,
      response_error: event.blocked ? 'blocked' : 'none',
      original_prompt_id: exchange.responseId,
    },
  ];
}
