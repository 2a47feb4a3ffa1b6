import { InvalidInput } from '#core';
import { costOf, type Price, type SpendingLimits, type Spent } from '#execution';
import type { ExecutionLimits, ExecutionTable, SpentRow } from '#memory';
import type { ResumeExecutionDto } from './create-execution.dto.js';
import { judgesOf, type FrozenGenerator, type ResolvedPlan } from './resolved-plan.js';

/** What an execution may spend. */
export function limitsOf({ max_requests, max_tokens, max_cost }: ExecutionTable): SpendingLimits {
  return { maxRequests: max_requests, maxTokens: max_tokens, maxCost: max_cost };
}

/** The columns of those limits that are given. */
export function limitColumns({ maxRequests, maxTokens, maxCost }: ResumeExecutionDto): Partial<ExecutionLimits> {
  return {
    ...(maxRequests === undefined ? {} : { max_requests: maxRequests }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(maxCost === undefined ? {} : { max_cost: maxCost }),
  };
}

/** What a million tokens of a generator cost, or null when nobody said. */
export function priceOf({ parameters }: FrozenGenerator): Price | null {
  return (parameters['price'] as unknown as Price | undefined) ?? null;
}

/** What was spent according to the journal. A judge's attempts have its place among all judges as their branch. */
export function spentOf(rows: readonly SpentRow[], plan: ResolvedPlan): Spent {
  const judges = judgesOf(plan);
  let [requests, tokens, cost] = [0, 0, 0];
  for (const { purpose, branch, requests: sent, inputTokens, outputTokens } of rows) {
    const generator = purpose === 'judge' ? judges[branch]?.judge : purpose === 'attacker' ? plan.attacker : plan.generator;
    requests += sent;
    tokens += inputTokens + outputTokens;
    cost += costOf({ inputTokens, outputTokens }, generator ? priceOf(generator) : null);
  }
  return { requests, tokens, cost };
}

/** @throws InvalidInput when a cost is to be limited that can't be counted. */
export function checkPrices({ maxCost }: ResumeExecutionDto, plan: ResolvedPlan): void {
  if (typeof maxCost !== 'number') return;
  const asked = [plan.generator, plan.attacker, ...judgesOf(plan).map(({ judge }) => judge)].filter((generator) => generator !== null);
  const unpriced = asked.find((generator) => priceOf(generator) === null);
  if (!unpriced) return;
  throw new InvalidInput('The cost can not be limited.', [
    { pointer: '/maxCost', detail: `needs a price of the generator '${unpriced.name}': set its parameter \`price\`, or limit maxTokens` },
  ]);
}
