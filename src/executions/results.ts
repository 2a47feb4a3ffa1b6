import { stretchOf, type Stretch } from '#core';
import { textLength, type AttemptTable, type ExchangedMessage, type ItemStatus, type MemoryReaders, type ScoreTable } from '#memory';
import type { ItemDto, ResultDto, ResultScoreDto } from './execution.dto.js';
import { chainNames, type ResolvedPlan } from './resolved-plan.js';

/** An item for a person. */
export function itemView(item: ItemStatus, plan: ResolvedPlan): Pick<ItemDto, keyof ItemDto> {
  const { id, position, promptId, chain, repeat, state, reason } = item;
  return { id, position, promptId, converters: chainNames(plan, chain), repeat, state, reason };
}

/**
 * The first of the items with what was sent, what came back and what the scorers said: one query for each table, however many items, and as many
 * items as can be held together.
 * @param items one more than `limit`, if there are so many.
 */
export async function readResults(
  memory: MemoryReaders,
  executionId: string,
  plan: ResolvedPlan,
  items: readonly ItemStatus[],
  limit: number,
): Promise<Stretch<ResultDto>> {
  const beginnings = groupByItem(
    await memory.messages.ofItems(
      executionId,
      items.map((item) => item.id),
    ),
  );
  const lengthOf = (item: ItemStatus): number =>
    (beginnings.get(item.id) ?? []).reduce((sum, message) => sum + textLength(message), item.value.length);
  const { rows: shown, more } = stretchOf(items, limit, lengthOf);
  const ids = shown.map((item) => item.id);
  const messages = groupByItem(await memory.messages.whole(ids.flatMap((id) => beginnings.get(id) ?? [])));
  const attempts = groupByItem(await memory.items.attempts(executionId, ids));
  const scores = groupByItem(await memory.scores.ofItems(executionId, ids));
  const rows = shown.map((item) => ({
    ...itemView(item, plan),
    prompt: item.value,
    ...exchangeOf(messages.get(item.id) ?? []),
    ...measuresOf(attempts.get(item.id) ?? []),
    scores: latestScores(scores.get(item.id) ?? []),
  }));
  return { rows, more };
}

function groupByItem<T extends { readonly item_id: string | null }>(rows: readonly T[]): Map<string, T[]> {
  return Map.groupBy(rows, (row) => row.item_id ?? '');
}

function exchangeOf(messages: readonly ExchangedMessage[]) {
  const response = messages.findLast((message) => message.role === 'assistant');
  const request = messages.findLast((message) => message.role === 'user');
  return {
    convertedPrompt: request?.converted_value ?? null,
    response: response?.converted_value ?? null,
    conversationId: response?.conversation_id ?? null,
  };
}

function measuresOf(attempts: readonly AttemptTable[]) {
  const intents = attempts.filter((attempt) => attempt.phase === 'intended' && attempt.purpose === 'target');
  const answered = attempts.findLast((attempt) => attempt.phase === 'answered' && attempt.response_id !== null);
  return {
    attempts: intents.length,
    latencyMs: answered?.latency_ms ?? null,
    finishReason: answered?.finish_reason ?? null,
    inputTokens: answered?.input_tokens ?? null,
    outputTokens: answered?.output_tokens ?? null,
  };
}

function latestScores(scores: readonly ScoreTable[]): ResultScoreDto[] {
  const latest = scores.reduce(
    (run, score) => (score.scoring_run_id !== null && score.scoring_run_id > run ? score.scoring_run_id : run),
    '',
  );
  return scores
    .filter((score) => score.scoring_run_id === latest)
    .map((score) => ({
      id: score.id,
      scorer: score.scorer_name,
      scorerType: score.scorer_type,
      scorerVersion: score.scorer_version,
      scoreType: score.score_type,
      value: score.value,
      category: score.category,
      rationale: score.rationale,
      metadata: score.metadata,
      scoringRunId: latest,
    }));
}
