import { Registry, type StrategyType } from '#core';
import { contextCompliance } from './context-compliance.js';
import { crescendo } from './crescendo.js';
import { flipAttack } from './flip-attack.js';
import { manyShot } from './many-shot.js';
import { pair } from './pair.js';
import { promptSending } from './prompt-sending.js';
import { questionAnsweringBenchmark } from './question-answering-benchmark.js';
import { redTeaming } from './red-teaming.js';
import { rolePlay } from './role-play.js';
import { scoring } from './scoring.js';
import { skeletonKey } from './skeleton-key.js';
import { treeOfAttacksWithPruning } from './tree-of-attacks-with-pruning.js';

/** Every strategy type of this server. */
export const strategies: Registry<StrategyType> = new Registry('strategy', [
  contextCompliance,
  crescendo,
  flipAttack,
  manyShot,
  pair,
  promptSending,
  questionAnsweringBenchmark,
  redTeaming,
  rolePlay,
  scoring,
  skeletonKey,
  treeOfAttacksWithPruning,
]);
