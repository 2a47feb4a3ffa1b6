import { contentId } from '#core';
import type { LegacyExecutionScore } from '#legacy';
import type { ImportValues } from '#memory';
import { messageIdIn } from './exchange.js';
import { LEGACY_VERSION } from './message-rows.js';

/** A score on the answer of its own conversation, whichever execution has it in its results. */
export function scoreValue(score: LegacyExecutionScore): Omit<ImportValues['score'], 'scoredAt'> {
  const { conversationId, scorerName, scoreType, value, category, rationale, metadata, valueDescription, synthetic } = score;
  const content = { conversationId, scorerName, value, category, rationale };
  return {
    id: contentId(content),
    messageId: conversationId === null ? null : messageIdIn(conversationId, 'response'),
    scorerName,
    scorerType: scorerType(score),
    scorerVersion: LEGACY_VERSION,
    scoreType,
    value,
    category,
    rationale,
    metadata: valueDescription === null ? metadata : { ...metadata, legacy: { valueDescription } },
    synthetic,
  };
}

/** What the scorer was, where that was noted. */
export function scorerType({ metadata, scorerName }: LegacyExecutionScore): string {
  const type = metadata['scorer_type'];
  return typeof type === 'string' && type !== '' ? type : scorerName;
}
