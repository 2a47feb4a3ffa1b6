import { ATTACK_OUTCOMES, type AttackOutcome } from '#core';
import type { MemoryReaders, ScorerSummary } from '#memory';
import type { ExecutionSummaryDto, ScorerSummaryDto } from './summary.dto.js';
import { planOf } from './execution-view.js';
import { chainNames } from './resolved-plan.js';

/** What became of the prompts of an execution, by converter chain and by scorer. @throws NotFound */
export async function readSummary(memory: MemoryReaders, id: string): Promise<ExecutionSummaryDto> {
  const plan = planOf(await memory.executions.get(id));
  const scored = await memory.items.byScorer(id);
  const chains = await memory.items.byChain(id);
  return {
    coverage: await memory.items.coverage(id),
    byConverter: chains.map(({ chain, states }) => ({
      converters: chainNames(plan, chain),
      planned: Object.values(states).reduce((sum, count) => sum + count, 0),
      ...states,
      scorers: scored.filter((summary) => summary.chain === chain).map(scorerView),
    })),
    byScorer: [...Map.groupBy(scored, ({ scorerId, scorerName }) => scorerId ?? scorerName).values()].map(overAllChains),
    byOutcome: outcomesOf(await memory.attacks.outcomes(id)),
  };
}

function outcomesOf(counted: ReadonlyMap<AttackOutcome, number>): Record<AttackOutcome, number> | null {
  if (counted.size === 0) return null;
  return Object.fromEntries(ATTACK_OUTCOMES.map((outcome) => [outcome, counted.get(outcome) ?? 0])) as Record<AttackOutcome, number>;
}

function scorerView({ scorerName, scorerType, scores, positive, mean }: ScorerSummary): ScorerSummaryDto {
  return { scorer: scorerName, scorerType, scores, positive, mean };
}

function overAllChains(parts: readonly ScorerSummary[]): ScorerSummaryDto {
  const [first] = parts;
  const scores = parts.reduce((sum, part) => sum + part.scores, 0);
  const isScale = first?.positive === null;
  return {
    scorer: first?.scorerName ?? '',
    scorerType: first?.scorerType ?? '',
    scores,
    positive: isScale ? null : parts.reduce((sum, part) => sum + (part.positive ?? 0), 0),
    mean: isScale ? parts.reduce((sum, part) => sum + (part.mean ?? 0) * part.scores, 0) / Math.max(1, scores) : null,
  };
}
