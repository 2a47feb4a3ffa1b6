import { sha256, type JsonObject } from '#core';
import type { LegacyRowOf } from '#legacy';
import type { ImportRow } from '#memory';
import { remainderRow } from './remainder-rows.js';
import { momentOf, traceOf, type RowContext } from './row-context.js';

/** What scores of the old programs are said to be of: they had no versions. */
export const LEGACY_VERSION = 'legacy';

export function messageRow(row: LegacyRowOf<'message'>, context: RowContext): ImportRow {
  const { value: message, provenance } = row;
  const { id, conversationId, sequence, role, storedRole, sentAt, originalValue, convertedValue, originalDataType, convertedDataType } =
    message;
  if (role === null) return remainderRow(row, `Its role '${storedRole.slice(0, 40)}' is none that messages have here.`, context);
  const { target, orchestrator, orchestratorId, converters, originalValueSha256 } = message;
  const altered = originalDataType === 'text' && originalValueSha256 !== null && originalValueSha256 !== sha256(originalValue);
  return {
    noun: 'message',
    provenance,
    value: {
      id,
      conversationId,
      sequence: sequence !== null && sequence >= 0 ? sequence : null,
      role,
      sentAt: momentOf(sentAt),
      originalValue,
      convertedValue: convertedValue ?? originalValue,
      dataType: convertedDataType,
      responseError: message.responseError,
      labels: message.labels,
      metadata: {
        ...message.metadata,
        ...traceOf(row, sentAt, {
          target,
          orchestrator,
          orchestratorId,
          converters,
          role: storedRole === role ? null : storedRole,
          dataType: originalDataType === convertedDataType ? null : originalDataType,
          storedSha256: altered ? originalValueSha256 : null,
        }),
      },
      originalPromptId: message.originalPromptId,
    },
    original: context.original(row),
  };
}

export function scoreRow(row: LegacyRowOf<'score'>, context: RowContext): ImportRow {
  const { value: score, provenance } = row;
  const { scorer, valueDescription, storedType, task, scoreType } = score;
  const metadata: JsonObject = {
    ...score.metadata,
    ...traceOf(row, score.scoredAt, { scorer, valueDescription, task, scoreType: storedType === scoreType ? null : storedType }),
  };
  return {
    noun: 'score',
    provenance,
    value: {
      id: score.id,
      messageId: score.messageId,
      scorerName: score.scorerName,
      scorerType: score.scorerName,
      scorerVersion: LEGACY_VERSION,
      scoreType,
      value: score.value,
      category: score.category,
      rationale: score.rationale,
      metadata,
      scoredAt: momentOf(score.scoredAt),
      synthetic: false,
    },
    original: context.original(row),
  };
}
