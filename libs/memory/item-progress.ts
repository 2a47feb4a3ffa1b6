import type { Transaction } from 'kysely';
import { stretchOf, type Exchange, type Item, type ItemProgress, type PastAttempt, type PastScore } from '#core';
import { answerLength, AnswerReader, type Answer } from './answers.js';
import { TEXT_COLUMNS, textLength, withWholeTexts, type Whole } from './long-texts.js';
import type { AttemptTable, MemoryTables, MessageTable, ScoreTable } from './tables.js';

const EXCHANGED = ['id', 'conversation_id', ...TEXT_COLUMNS] as const satisfies readonly (keyof MessageTable)[];

type Exchanged = Pick<MessageTable, (typeof EXCHANGED)[number]>;

/**
 * Where items stand that are open: everything that the journal has of the first of them, of as many as can be held together.
 * @param overAnswers whether they were planned to judge answers, which then come with them.
 */
export async function readProgress(
  db: Transaction<MemoryTables>,
  executionId: string,
  items: readonly Item[],
  limit: number,
  overAnswers: boolean,
): Promise<ItemProgress[]> {
  const journal = Map.groupBy(await readJournal(db, executionId, items), ({ item_id }) => item_id);
  const beginnings = await readExchanged(db, [...journal.values()].flat());
  const messagesOf = (item: Item): Exchanged[] =>
    (journal.get(item.id) ?? []).flatMap(({ request_id, response_id }) =>
      [beginnings.get(request_id ?? ''), beginnings.get(response_id ?? '')].filter((message) => message !== undefined),
    );
  const reader = new AnswerReader(db);
  const answers = overAnswers ? await reader.get(items.map(({ promptId }) => promptId)) : new Map<string, Answer>();
  const lengthOf = (item: Item): number => {
    const answer = answers.get(item.promptId);
    const stored = answer ? answerLength(answer) : 0;
    return messagesOf(item).reduce((sum, message) => sum + textLength(message), item.value.length + stored);
  };
  const { rows } = stretchOf(items, limit, lengthOf);
  const wholes = await withWholeTexts(db, rows.flatMap(messagesOf));
  const messages = new Map(wholes.map((message) => [message.id, message]));
  const stored = await reader.whole(rows.flatMap(({ promptId }) => answers.get(promptId) ?? []));
  const begun = rows.filter(({ id }) => journal.has(id));
  const scores = Map.groupBy(await readScores(db, executionId, begun), ({ item_id }) => item_id);
  return rows.map(({ id, position, promptId, value, chain, repeat, occurrence }) => ({
    item: { id, position, promptId, value, chain, repeat, occurrence },
    attempts: attemptsOf(journal.get(id) ?? [], messages),
    scores: (scores.get(id) ?? []).map(pastScore),
    stored: stored.get(promptId) ?? null,
  }));
}

async function readJournal(db: Transaction<MemoryTables>, executionId: string, items: readonly Item[]): Promise<AttemptTable[]> {
  // Most often nothing has been done yet.
  const begun = await db.selectFrom('attempts').select('attempt_id').where('execution_id', '=', executionId).limit(1).executeTakeFirst();
  if (!begun) return [];
  return db
    .selectFrom('attempts')
    .selectAll()
    .where('execution_id', '=', executionId)
    .where(
      'item_id',
      'in',
      items.map((item) => item.id),
    )
    .orderBy('attempt_id')
    .execute();
}

/** What was exchanged in some attempts, by id; of long texts the beginnings. */
async function readExchanged(db: Transaction<MemoryTables>, attempts: readonly AttemptTable[]): Promise<Map<string, Exchanged>> {
  const ids = attempts.flatMap(({ request_id, response_id }) => [request_id, response_id]).filter((id) => id !== null);
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('messages').select(EXCHANGED).where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

async function readScores(db: Transaction<MemoryTables>, executionId: string, items: readonly Item[]): Promise<ScoreTable[]> {
  if (items.length === 0) return [];
  return db
    .selectFrom('scores')
    .selectAll()
    .where('execution_id', '=', executionId)
    .where(
      'item_id',
      'in',
      items.map((item) => item.id),
    )
    .orderBy('id')
    .execute();
}

/** The attempts in the order of their intents, each with what came of it. */
function attemptsOf(rows: readonly AttemptTable[], messages: ReadonlyMap<string, Whole<Exchanged>>): PastAttempt[] {
  const results = new Map(rows.filter((row) => row.phase !== 'intended').map((row) => [row.attempt_id, row]));
  return rows
    .filter((row) => row.phase === 'intended')
    .map((intent) => {
      const result = results.get(intent.attempt_id);
      const { input_tokens: inputTokens = null, output_tokens: outputTokens = null } = result ?? {};
      return {
        attemptId: intent.attempt_id,
        purpose: intent.purpose ?? 'target',
        branch: intent.branch ?? 0,
        turn: intent.turn ?? 0,
        state: !result || result.phase === 'intended' ? 'open' : result.phase,
        blocked: result?.blocked === true,
        latencyMs: result?.latency_ms ?? 0,
        finishReason: result?.finish_reason ?? null,
        usage: inputTokens === null || outputTokens === null ? null : { inputTokens, outputTokens },
        fault: result?.fault ?? null,
        detail: result?.detail ?? null,
        exchange: exchangeOf(messages.get(result?.request_id ?? ''), messages.get(result?.response_id ?? '')),
      };
    });
}

function exchangeOf(request: Whole<Exchanged> | undefined, response: Whole<Exchanged> | undefined): Exchange | null {
  if (!request || !response) return null;
  return {
    conversationId: request.conversation_id,
    requestId: request.id,
    responseId: response.id,
    original: request.original_value,
    converted: request.converted_value,
    response: response.converted_value,
  };
}

function pastScore(row: ScoreTable): PastScore {
  const { score_type: type, value, category, rationale, metadata } = row;
  return {
    messageId: row.message_id,
    scoringRunId: row.scoring_run_id ?? '',
    scorerId: row.scorer_id,
    scorerVersion: row.scorer_version,
    score: { type, value, category, rationale, metadata },
  };
}
