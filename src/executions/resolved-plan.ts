import type { JsonObject } from '#core';
import type { AnswerFilter } from '#memory';
import type { GeneratorSource } from '../generators/generators.service.js';

/** A configuration as it was when the plan was made. */
interface Frozen {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly revision: number;
  readonly parameters: JsonObject;
}

export type FrozenGenerator = Frozen & Pick<GeneratorSource, 'secrets'>;

export interface FrozenScorer extends Omit<Frozen, 'id'> {
  /** Null for a strategy's own, which nobody configured. */
  readonly id: string | null;
  /** Changes with the type, its parameters and its judge. */
  readonly version: string;
  readonly judge: FrozenGenerator | null;
}

/** Where the prompts of a plan came from. */
export type PlanSource =
  | {
      readonly kind: 'dataset';
      readonly datasetId: string;
      readonly name: string;
      readonly contentHash: string;
      readonly sampleSize: number | null;
    }
  | { readonly kind: 'prompts' }
  /** What is scored: as they were when it was planned, up to an id. */
  | { readonly kind: 'answers'; readonly filter: AnswerFilter; readonly count: number; readonly until: string };

/**
 * Everything an execution runs on, but its items: copied when it is planned, so that nothing that is edited or deleted later can change or damage
 * it. Secrets stay sealed in it.
 */
export interface ResolvedPlan {
  readonly version: 1;
  readonly orchestrator: Frozen;
  /** The model under test; null where stored answers are scored. */
  readonly generator: FrozenGenerator | null;
  /** Writes what is sent, where the strategy has a model do that. */
  readonly attacker: FrozenGenerator | null;
  readonly chains: readonly (readonly Frozen[])[];
  readonly scorers: readonly FrozenScorer[];
  /** By the role that they have for the strategy. */
  readonly judges: Readonly<Record<string, FrozenScorer>>;
  readonly repeats: number;
  readonly seed: string;
  /** The first scoring run. */
  readonly scoringRunId: string;
  readonly source: PlanSource;
}

/** The names of the converters of a plan's chain. */
export function chainNames(plan: ResolvedPlan, chain: number): readonly string[] {
  return (plan.chains[chain] ?? []).map((converter) => converter.name);
}

/** Everybody who judges, in the order by which their attempts are journaled: the scorers, then the judges. */
export function judgesOf(plan: ResolvedPlan): readonly FrozenScorer[] {
  return [...plan.scorers, ...Object.values(plan.judges)];
}
