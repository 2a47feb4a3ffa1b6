import type { JsonObject, JsonValue, ScoreType } from '#core';
import { asList, asObject, asText, type Fields } from './fields.js';
import { legacyTime, type LegacyTime } from './legacy-time.js';
import { scoreValue } from './score-value.js';
import { secretPointers } from './secret-parameters.js';

/** One prompt of an execution and what came back. */
export interface LegacyExchange {
  readonly position: number;
  /** Null where none was stored: then nothing else can be joined to it. */
  readonly conversationId: string | null;
  /** What was sent, as far as it is known for certain. */
  readonly prompt: string | null;
  /**
   * Where `prompt` is from: `input`, the list that the execution was started with; `reported`, what ViolentUTF reported (right in executions of a
   * dataset); `unknown` otherwise, because in executions of a list it reported nothing, or the prompts of an earlier execution.
   */
  readonly promptSource: 'input' | 'reported' | 'unknown';
  readonly reportedPrompt: string | null;
  readonly response: string | null;
  /** `none`, or why the response is no answer of the model: ViolentUTF stored error texts as answers, and scored them. */
  readonly responseError: string;
  readonly sentAt: LegacyTime | null;
  readonly target: JsonObject;
  /** Of PyRIT, not that of the orchestrator in ViolentUTF. */
  readonly pyritOrchestratorId: string | null;
}

export interface LegacyExecutionScore {
  readonly position: number;
  /** ViolentUTF's `prompt_id`: the conversation of the answer that was scored. */
  readonly conversationId: string | null;
  readonly scorerName: string;
  readonly scoreType: ScoreType | null;
  readonly value: string;
  readonly category: string | null;
  readonly rationale: string;
  readonly valueDescription: string | null;
  readonly textScored: string | null;
  readonly metadata: JsonObject;
  /** Made up by ViolentUTF for want of a score: nothing scored anything. */
  readonly synthetic: boolean;
  /** The position of the same score before this one: each was stored at least twice. */
  readonly repeats: number | null;
  /** It is of another, earlier execution of the same orchestrator. */
  readonly strayed: boolean;
}

export interface LegacyExecution {
  readonly id: string;
  readonly orchestratorId: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly status: string | null;
  readonly input: JsonObject;
  readonly secrets: readonly string[];
  readonly summary: JsonObject;
  readonly error: string | null;
  readonly createdBy: string | null;
  readonly startedAt: LegacyTime | null;
  readonly completedAt: LegacyTime | null;
  readonly exchanges: readonly LegacyExchange[];
  readonly scores: readonly LegacyExecutionScore[];
}

/** What ViolentUTF called the scorer of the scores that it made up. */
const MADE_UP = 'Safety_Fallback_Scorer';

/**
 * An execution of ViolentUTF's service with the history that only its `results` hold. Nothing is corrected in silence: what was wrong with prompts and
 * scores there is said beside each.
 * @throws RowUnreadable
 */
export function readExecution(fields: Fields): LegacyExecution {
  const input = fields.object('input_data');
  const results = fields.object('results');
  const type = fields.text('execution_type');
  const exchanges = exchangesOf(asList(results['prompt_request_responses']), input, type);
  return {
    id: fields.needId('id'),
    orchestratorId: fields.needId('orchestrator_id'),
    name: fields.text('execution_name'),
    type,
    status: fields.text('status'),
    input,
    secrets: secretPointers(input),
    summary: fields.object('execution_summary'),
    error: typeof results['error'] === 'string' ? results['error'] : null,
    createdBy: fields.text('created_by'),
    startedAt: fields.time('utc', 'started_at'),
    completedAt: fields.time('utc', 'completed_at'),
    exchanges,
    scores: scoresOf(asList(results['scores']), new Set(exchanges.map(({ conversationId }) => conversationId))),
  };
}

function exchangesOf(responses: readonly JsonValue[], input: JsonObject, type: string | null): readonly LegacyExchange[] {
  const sent = asList(input['prompt_list']);
  return responses.map((entry, position) => {
    const exchange = asObject(entry);
    const request = asObject(exchange['request']);
    const metadata = asObject(exchange['metadata']);
    const response = asObject(exchange['response']);
    const piece = asObject(asList(exchange['request_pieces']).at(-1));
    const reportedPrompt = textOf(request['prompt']);
    return {
      position,
      conversationId: textOf(exchange['conversation_id']) ?? textOf(request['conversation_id']),
      ...promptOf(reportedPrompt, type, sent.length === responses.length ? sent[position] : undefined),
      reportedPrompt,
      response: textOf(response['content']),
      responseError: textOf(piece['response_error']) ?? (metadata['success'] === false ? 'unknown' : 'none'),
      sentAt: typeof metadata['timestamp'] === 'string' ? legacyTime(metadata['timestamp'], 'local-as-utc') : null,
      target: asObject(metadata['prompt_target']),
      pyritOrchestratorId: textOf(asObject(metadata['orchestrator'])['id']),
    };
  });
}

/** Lists of prompts and answers have the same order; where they are not of the same length, nobody can say which belongs to which. */
function promptOf(
  reported: string | null,
  type: string | null,
  sent: JsonValue | undefined,
): Pick<LegacyExchange, 'prompt' | 'promptSource'> {
  if (sent !== undefined) return { prompt: asText(sent), promptSource: 'input' };
  if (type === 'dataset' && reported !== null && reported !== '') return { prompt: reported, promptSource: 'reported' };
  return { prompt: null, promptSource: 'unknown' };
}

function scoresOf(entries: readonly JsonValue[], conversations: ReadonlySet<string | null>): readonly LegacyExecutionScore[] {
  const first = new Map<string, number>();
  return entries.map((entry, position) => {
    const score = asObject(entry);
    const conversationId = textOf(score['prompt_id']);
    const scorerName = textOf(score['scorer_name']) ?? 'unknown';
    const key = JSON.stringify([conversationId, scorerName, score['score_value'], score['score_rationale']]);
    const repeats = first.get(key) ?? null;
    if (repeats === null) first.set(key, position);
    return {
      position,
      conversationId,
      scorerName,
      ...scoreValue(score['score_value'], textOf(score['score_type'])),
      category: textOf(score['score_category']),
      rationale: textOf(score['score_rationale']) ?? '',
      valueDescription: textOf(score['score_value_description']),
      textScored: textOf(score['text_scored']),
      metadata: asObject(score['score_metadata']),
      synthetic: scorerName === MADE_UP,
      repeats,
      strayed: conversationId !== null && !conversations.has(conversationId),
    };
  });
}

function textOf(value: JsonValue | undefined): string | null {
  return value === null || value === undefined ? null : asText(value);
}
