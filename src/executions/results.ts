import { stretchOf, type Stretch } from '#core';
import {
  textLength,
  type AttackResultTable,
  type AttemptTable,
  type ExchangedMessage,
  type ItemStatus,
  type MemoryReaders,
  type ScoreTable,
} from '#memory';
import type { AttackDto, ItemDto, ResultDto, ResultScoreDto } from './result.dto.js';
import { chainNames, type ResolvedPlan } from './resolved-plan.js';

/** An item for a person. */
export function itemView(item: ItemStatus, plan: ResolvedPlan): Pick<ItemDto, keyof ItemDto> {
  const { id, position, promptId, chain, repeat, state, reason } = item;
  return { id, position, promptId, converters: chainNames(plan, chain), repeat, state, reason };
}

/**
 * The first of the items with what was sent, what came back and what the scorers said: one query for each table, however many items, and as many
 * items as can be held together. Of an attack, the exchange that it ended with.
 * @param items one more than `limit`, if there are so many.
 */
export async function readResults(
  memory: MemoryReaders,
  executionId: string,
  plan: ResolvedPlan,
  items: readonly ItemStatus[],
  limit: number,
): Promise<Stretch<ResultDto>> {
  const ids = items.map((item) => item.id);
  const attempts = Map.groupBy(await memory.items.attempts(executionId, ids), (attempt) => attempt.item_id);
  const attacks = await memory.attacks.ofItems(executionId, ids);
  const answers = new Map(ids.map((id) => [id, answerOf(attempts.get(id) ?? [], attacks.get(id))]));
  // An answer that was there before has no attempt of this execution.
  const stored = plan.source.kind === 'answers' ? await memory.answers.get(items.map(({ promptId }) => promptId)) : null;
  const exchangeOf = ({ id, promptId }: ItemStatus): Exchanged => {
    const { request, response } = stored?.get(promptId) ?? {};
    const answer = answers.get(id);
    return { requestId: request?.id ?? answer?.request_id ?? '', responseId: response?.id ?? answer?.response_id ?? '' };
  };
  const named = items.flatMap((item) => Object.values(exchangeOf(item)).filter((id) => id !== ''));
  const beginnings = new Map((await memory.messages.exchanged(named)).map((message) => [message.id, message]));
  const messagesOf = (item: ItemStatus): ExchangedMessage[] => Object.values(exchangeOf(item)).flatMap((id) => beginnings.get(id) ?? []);
  const lengthOf = (item: ItemStatus): number => messagesOf(item).reduce((sum, message) => sum + textLength(message), item.value.length);
  const { rows: shown, more } = stretchOf(items, limit, lengthOf);
  const whole = new Map((await memory.messages.whole(shown.flatMap(messagesOf))).map((message) => [message.id, message]));
  const scores = Map.groupBy(
    await memory.scores.ofItems(
      executionId,
      shown.map((item) => item.id),
    ),
    (score) => score.item_id ?? '',
  );
  const rows = shown.map((item) => {
    const answer = answers.get(item.id);
    const attack = attacks.get(item.id);
    const { requestId, responseId } = exchangeOf(item);
    const [request, response] = [whole.get(requestId), whole.get(responseId)];
    return {
      ...itemView(item, plan),
      prompt: item.value,
      convertedPrompt: request?.converted_value ?? null,
      response: response?.converted_value ?? null,
      conversationId: response?.conversation_id ?? null,
      attempts: (attempts.get(item.id) ?? []).filter(({ phase, purpose }) => phase === 'intended' && purpose === 'target').length,
      latencyMs: answer?.latency_ms ?? null,
      finishReason: answer?.finish_reason ?? null,
      inputTokens: answer?.input_tokens ?? null,
      outputTokens: answer?.output_tokens ?? null,
      scores: latestScores(scores.get(item.id) ?? [], responseId),
      attack: attack ? attackView(attack) : null,
    };
  });
  return { rows, more };
}

/** The ids of the messages that an item shows; '' for none. */
interface Exchanged {
  readonly requestId: string;
  readonly responseId: string;
}

/** The answer that an item stands for: the one that its attack ended with, else the last that the target gave. */
function answerOf(attempts: readonly AttemptTable[], attack: AttackResultTable | undefined): AttemptTable | null {
  const targets = new Set(attempts.filter(({ purpose }) => purpose === 'target').map((intent) => intent.attempt_id));
  const answers = attempts.filter((attempt) => attempt.phase === 'answered' && targets.has(attempt.attempt_id));
  return answers.find((answer) => answer.response_id === attack?.response_id) ?? answers.at(-1) ?? null;
}

function attackView(row: AttackResultTable): AttackDto {
  const { outcome, reason, turns, backtracks } = row;
  return {
    outcome,
    reason,
    turns,
    backtracks,
    prunedConversationIds: row.pruned_conversation_ids,
    attackerConversationIds: row.attacker_conversation_ids,
    latencyMs: row.latency_ms,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
  };
}

/** What was said of an answer in the last scoring run. */
function latestScores(all: readonly ScoreTable[], responseId: string): ResultScoreDto[] {
  const scores = all.filter((score) => score.message_id === responseId);
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
