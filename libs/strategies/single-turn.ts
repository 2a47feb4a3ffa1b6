import type { JsonObject, JsonSchema, Strategy, StrategyCost, StrategyPorts, StrategyResult, StrategyType } from '#core';
import { isReached, objective, successThreshold } from './objective.js';
import type { Said } from './thread.js';

interface SingleTurnParameters {
  readonly maxAttempts: number;
  readonly successThreshold: number;
}

/** What came of an attempt. */
export interface Tried extends Said {
  /** Why the objective could not be reached, where the answer alone does not say. */
  readonly reason?: string;
}

/**
 * Makes one attempt, in conversations that nobody else uses, and brings the answer that counts.
 * @param branch the attempt's number from 0: the branch of its conversation with the target, and of the one with the attacker if there is one.
 */
export type Attempt = (objective: string, ports: StrategyPorts, branch: number) => Promise<Tried>;

/** What makes one single-turn strategy different from the others. */
export interface SingleTurn extends Pick<StrategyType, 'name' | 'title' | 'description' | 'needsAttacker'> {
  /** The schemas of its own parameters. */
  readonly properties: Readonly<Record<string, JsonSchema>>;
  /** Defaults that depend on other parameters. */
  readonly allOf?: readonly JsonSchema[];
  /** How many requests one attempt takes at most. */
  readonly requests: (parameters: JsonObject) => Pick<StrategyCost, 'target' | 'attacker'>;
  /** `parameters` passed the schema. @throws InvalidInput when they make no sense together. */
  readonly create: (parameters: JsonObject) => Attempt;
}

const PARAMETERS = {
  maxAttempts: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 1,
    description: 'How often it is tried until the objective is reached. More than once needs a scorer of the objective.',
  },
  successThreshold: successThreshold(0.5),
} as const;

/**
 * A strategy that makes one attempt after the other, each in conversations of its own, until one reaches the objective (PyRIT's
 * `max_attempts_on_failure`, the first attempt included). Without a judge of the objective there is one attempt.
 */
export function singleTurn({ properties, allOf, requests, create, ...plugin }: SingleTurn): StrategyType {
  return {
    ...plugin,
    schema: { type: 'object', additionalProperties: false, properties: { ...properties, ...PARAMETERS }, ...(allOf ? { allOf } : {}) },
    judges: [objective(false)],
    cost: (parameters) => {
      const { maxAttempts } = parameters as unknown as SingleTurnParameters;
      const { target, attacker } = requests(parameters);
      return { target: target * maxAttempts, attacker: attacker * maxAttempts, judgements: { objective: maxAttempts } };
    },
    create: (parameters) => untilReached(create(parameters), parameters as unknown as SingleTurnParameters),
  };
}

function untilReached(attempt: Attempt, { maxAttempts, successThreshold: threshold }: SingleTurnParameters): Strategy {
  return async (goal, ports): Promise<StrategyResult> => {
    const pruned: number[] = [];
    for (let branch = 0; ; branch++) {
      const { reply, place, reason } = await attempt(goal, ports, branch);
      const end = { ...place, ...(reason === undefined ? {} : { reason }), turns: place.turn + 1 };
      if (!ports.hasJudge('objective')) return { ...end, outcome: null };
      if (await isReached(ports, reply, place, threshold)) return { ...end, outcome: 'success', pruned };
      if (branch + 1 >= maxAttempts) return { ...end, outcome: 'failure', pruned };
      pruned.push(branch);
    }
  };
}
