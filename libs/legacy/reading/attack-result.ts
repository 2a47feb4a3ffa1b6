import type { JsonObject } from '#core';
import type { Fields } from './fields.js';
import { labelsOf } from './labels.js';
import type { LegacyTime, TimeAssumption } from './legacy-time.js';

export interface LegacyAttackResult {
  readonly id: string;
  readonly conversationId: string;
  readonly objective: string;
  readonly attack: JsonObject;
  readonly lastMessageId: string | null;
  readonly lastScoreId: string | null;
  readonly turns: number | null;
  readonly durationMs: number | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly metadata: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly prunedConversationIds: readonly string[];
  readonly adversaryConversationIds: readonly string[];
  readonly endedAt: LegacyTime | null;
}

/** @throws RowUnreadable */
export function readAttackResult(fields: Fields, assumption: TimeAssumption): LegacyAttackResult {
  return {
    id: fields.needId('id'),
    conversationId: fields.need('conversation_id'),
    objective: fields.need('objective'),
    attack: fields.object('attack_identifier', 'atomic_attack_identifier'),
    lastMessageId: fields.id('last_response_id'),
    lastScoreId: fields.id('last_score_id'),
    turns: fields.integer('executed_turns'),
    durationMs: fields.integer('execution_time_ms'),
    outcome: fields.need('outcome'),
    reason: fields.text('outcome_reason'),
    metadata: fields.object('attack_metadata'),
    labels: labelsOf(fields.json('labels')),
    prunedConversationIds: fields.texts('pruned_conversation_ids'),
    adversaryConversationIds: fields.texts('adversarial_chat_conversation_ids'),
    endedAt: fields.time(assumption, 'timestamp'),
  };
}
