import { StrategyFailed, type StrategyType } from '#core';

/** Scores answers that are stored, and sends nothing: PyRIT's ScoringOrchestrator. */
export const scoring: StrategyType = {
  name: 'scoring',
  title: 'Scoring',
  description: 'Has answers that are stored judged again, or by other scorers. Nothing is sent to a model but what the scorers ask.',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  subject: 'answers',
  needsAttacker: false,
  judges: [],
  cost: () => ({ target: 0, attacker: 0, judgements: {} }),
  create: () => async (_prompt, ports) => {
    if (!ports.stored) throw new StrategyFailed('The answer that was to be scored is not there any more.');
    return { ...ports.stored, outcome: null, turns: 0 };
  },
};
