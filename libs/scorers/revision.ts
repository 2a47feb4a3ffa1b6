import type { ScorerType } from '#core';

/**
 * A scorer type that counts its own changes of meaning. `revision` grows by one whenever equal parameters may judge an equal answer
 * differently than before: a new pattern, another word in a judge's instruction. Refactoring leaves it.
 */
export interface RevisedScorerType extends ScorerType {
  /** 1 for the first. */
  readonly revision: number;
}
