import { InvalidInput, QuotaExceeded } from '#core';
import type { PlanShape } from '#execution';
import type { ResolvedPlan } from './resolved-plan.js';

const MAX_ITEMS = 1_000_000;

/** What the items of a plan are made from. */
export function shapeOf({ chains, repeats }: ResolvedPlan): PlanShape {
  return { chains: chains.map((chain) => chain.map(({ type, parameters }) => ({ type, parameters }))), repeats };
}

/** How many items a plan has. @throws InvalidInput for none, QuotaExceeded for too many. */
export function sizeOf(prompts: number, { chains, repeats }: ResolvedPlan): number {
  const items = prompts * chains.length * repeats;
  if (items === 0) throw new InvalidInput('There is no prompt to send.');
  if (items > MAX_ITEMS) {
    throw new QuotaExceeded(`The execution would have ${items} items; the limit is ${MAX_ITEMS}. Split it into several.`);
  }
  return items;
}
