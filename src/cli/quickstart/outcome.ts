import { ITEM_STATES, type Coverage } from '#core';
import type { ExecutionDto } from '../../executions/execution.dto.js';
import type { ResultDto } from '../../executions/result.dto.js';
import type { ExecutionSummaryDto, ScorerSummaryDto } from '../../executions/summary.dto.js';
import type { ApiClient } from './api-client.js';
import type { Campaign } from './campaign.js';
import { LEAKED, REFUSED } from './practice-campaign.js';

export interface ConverterOutcome extends Coverage {
  /** The converters of the chain, or `none`. */
  readonly converter: string;
  /** Of the answers that were scored; null when none was. */
  readonly refusedPercent: number | null;
  readonly leakedPercent: number | null;
}

export interface ScorerOutcome {
  readonly scorer: string;
  readonly type: string;
  readonly scores: number;
  readonly positive: number;
  readonly positivePercent: number | null;
}

/** What `--json` writes. */
export interface Outcome extends Coverage {
  /** Different prompts as they were sent, as the API reads them back. */
  readonly uniquePrompts: number;
  /** Scores of different answers or scorers, as the API reads them back. */
  readonly scores: number;
  readonly restarts: number;
  /** Files that hold the memory of the person whose campaign it was. */
  readonly databaseFiles: number;
  /** From the start of the execution to its end, the restart included. */
  readonly seconds: number;
  readonly promptsPerSecond: number;
  readonly byConverter: readonly ConverterOutcome[];
  readonly byScorer: readonly ScorerOutcome[];
}

type Circumstances = Pick<Outcome, 'restarts' | 'databaseFiles' | 'seconds'>;

/** Reads everything back over the API. */
export async function readOutcome(
  api: ApiClient,
  { id, coverage }: ExecutionDto,
  { labelOf }: Campaign,
  { restarts, databaseFiles, seconds }: Circumstances,
): Promise<Outcome> {
  const summary = await api.get<ExecutionSummaryDto>(`/executions/${id}/summary`);
  const prompts = new Set<string>();
  const scores = new Set<string>();
  for await (const page of api.pages<ResultDto>(`/executions/${id}/results`)) {
    for (const result of page) {
      if (result.convertedPrompt !== null) prompts.add(result.convertedPrompt);
      for (const { scorer } of result.scores) scores.add(`${result.id} ${scorer}`);
    }
  }
  return {
    ...statesOf(coverage),
    uniquePrompts: prompts.size,
    scores: scores.size,
    restarts,
    databaseFiles,
    seconds: rounded(seconds),
    promptsPerSecond: rounded(coverage.planned / seconds),
    byConverter: summary.byConverter.map(({ converters, scorers, ...states }) => ({
      converter: converters.map(labelOf).join(' + ') || 'none',
      ...statesOf(states),
      refusedPercent: percentOf(scorers.find(({ scorer }) => labelOf(scorer) === REFUSED)),
      leakedPercent: percentOf(scorers.find(({ scorer }) => labelOf(scorer) === LEAKED)),
    })),
    byScorer: summary.byScorer.map((summary) => ({
      scorer: labelOf(summary.scorer),
      type: summary.scorerType,
      scores: summary.scores,
      positive: summary.positive ?? 0,
      positivePercent: percentOf(summary),
    })),
  };
}

function statesOf(coverage: Coverage): Coverage {
  const states = Object.fromEntries(ITEM_STATES.map((state) => [state, coverage[state]]));
  return { planned: coverage.planned, ...states } as Coverage;
}

function percentOf(summary: ScorerSummaryDto | undefined): number | null {
  return summary && summary.scores > 0 ? rounded(((summary.positive ?? 0) / summary.scores) * 100) : null;
}

/** To one decimal place. */
function rounded(number: number): number {
  return Math.round(number * 10) / 10;
}
