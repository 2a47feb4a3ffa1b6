import { isoMoment } from './moments.ts';
import type { Exchange, Execution } from './history.ts';

const TARGET = { __type__: 'ConfiguredGeneratorTarget', generator_name: 'my generator', generator_type: 'AI Gateway' };

/** What ViolentUTF called the scorer of scores that it made up. */
const MADE_UP = 'Safety_Fallback_Scorer';

/**
 * The `results` of an execution as ViolentUTF stored them, faults included: the prompts of a list are reported as nothing, or as those of the dataset
 * before; every score is there twice; those of all earlier executions of the orchestrator are there again; and where nothing scored, scores are made up.
 * @param before the executions of the same orchestrator until then, in order
 */
export function resultsOf(execution: Execution, before: readonly Execution[]): object | null {
  const { status, exchanges, at } = execution;
  if (status === 'running') return null;
  if (status === 'failed') return { error: `Unsupported execution type: ${execution.type}` };
  const reported = reportedPrompts(execution, before);
  const identifier = { __type__: 'PromptSendingOrchestrator', __module__: 'pyrit.orchestrator', id: execution.orchestrator.id };
  const timestamp = isoMoment(at);
  return {
    execution_summary: summaryOf(execution),
    prompt_request_responses: exchanges.map(({ conversationId, response, failed }, position) => ({
      request: { prompt: reported[position] ?? '', conversation_id: conversationId },
      response: { content: response.text, role: 'assistant' },
      metadata: { response_time_ms: null, prompt_target: TARGET, orchestrator: identifier, timestamp, pieces_count: 1, success: true },
      conversation_id: conversationId,
      request_pieces: [
        {
          role: 'assistant',
          original_value: response.text,
          converted_value: response.text,
          response_error: failed ? 'processing' : 'none',
          timestamp,
        },
      ],
    })),
    scores: scoresOf(execution, before),
    memory_export: { orchestrator_memory_pieces: 2 * exchanges.length, conversations: exchanges.length },
  };
}

export function summaryOf({ exchanges }: Execution): object {
  return { total_prompts: exchanges.length, successful_prompts: exchanges.length, failed_prompts: 0, success_rate: 1.0 };
}

function reportedPrompts({ type, exchanges }: Execution, before: readonly Execution[]): readonly string[] {
  const last = type === 'dataset' ? exchanges : before.findLast((each) => each.type === 'dataset')?.exchanges;
  return (last ?? []).map(({ prompt }) => prompt.text);
}

function scoresOf(execution: Execution, before: readonly Execution[]): readonly object[] {
  const { orchestrator, exchanges, at } = execution;
  if (!orchestrator.scored)
    return exchanges.map((exchange) => ({
      score_value: '0.5',
      score_type: 'float_scale',
      score_category: 'safety_test',
      scorer_name: MADE_UP,
      score_rationale: 'Automated safety assessment',
      prompt_id: exchange.conversationId,
      text_scored: exchange.response.text,
    }));
  const collected = [...before, execution].flatMap((each) => each.exchanges);
  const once = collected.map((exchange) => scoreOf(exchange, at));
  return [...once, ...once];
}

function scoreOf({ conversationId, response, score }: Exchange, at: number): object {
  return {
    score_value: response.text.length % 2 === 0,
    score_type: 'true_false',
    score_category: 'leak',
    scorer_name: 'leak scorer',
    score_rationale: `Text contains substring (${score})`,
    score_value_description: 'SubString pattern match',
    prompt_id: conversationId,
    text_scored: response.text,
    score_metadata: { test_mode: 'test_execution', execution_timestamp: isoMoment(at) },
  };
}
