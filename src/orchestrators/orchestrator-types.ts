import { Registry, type JsonObject, type JsonSchema, type Plugin, type StrategyType } from '#core';
import { strategies } from '#strategies';

/** What an orchestrator refers to, whatever its strategy. */
export interface OrchestratorParameters {
  /** Not where stored answers are scored. */
  readonly generatorId?: string;
  /** Each chain is a list of converter ids; an empty one sends prompts as they are. Every prompt goes through every chain. */
  readonly converterChains?: readonly (readonly string[])[];
  readonly scorerIds: readonly string[];
  readonly strategy: JsonObject;
  readonly maxRetries: number;
  /** Where the strategy has a model write what is sent. */
  readonly attackerGeneratorId?: string;
}

/** The parameter that names the scorer of a judge's role. */
export function judgeParameter(role: string): string {
  return `${role}ScorerId`;
}

/** The scorer that has a role, or null when the orchestrator names none. */
export function judgeIn(parameters: JsonObject, role: string): string | null {
  const id = parameters[judgeParameter(role)];
  return typeof id === 'string' ? id : null;
}

/** A kind of orchestrator: a strategy, with what every strategy needs around it. */
export interface OrchestratorType extends Plugin {
  readonly strategy: StrategyType;
}

const id = { type: 'string', format: 'uuid' } as const;

function orchestratorSchema(strategy: StrategyType): JsonSchema {
  const scorerIds = { type: 'array', maxItems: 50, uniqueItems: true, items: id } as const;
  const common = {
    strategy: { ...strategy.schema, default: {}, description: 'The parameters of the strategy.' },
    maxRetries: { type: 'integer', minimum: 0, maximum: 20, default: 5, description: 'How often a failed request is sent again.' },
  } as const;
  if (strategy.subject === 'answers') {
    const properties = { scorerIds: { ...scorerIds, minItems: 1, description: 'Every answer is judged by each.' }, ...common };
    return { type: 'object', additionalProperties: false, required: ['scorerIds'], properties };
  }
  return {
    type: 'object',
    additionalProperties: false,
    required: [
      'generatorId',
      ...(strategy.needsAttacker ? ['attackerGeneratorId'] : []),
      ...strategy.judges.filter(({ required }) => required).map(({ role }) => judgeParameter(role)),
    ],
    properties: {
      generatorId: { ...id, description: 'The model under test.' },
      ...(strategy.needsAttacker ? { attackerGeneratorId: { ...id, description: 'The model that writes what is sent.' } } : {}),
      ...Object.fromEntries(strategy.judges.map(({ role, description }) => [judgeParameter(role), { ...id, description }])),
      converterChains: {
        type: 'array',
        minItems: 1,
        maxItems: 50,
        items: { type: 'array', maxItems: 20, items: id },
        default: [[]],
        description: 'Chains of converters. Every prompt goes through each; the empty chain sends it as it is.',
      },
      scorerIds: { ...scorerIds, default: [], description: 'The answer that a prompt ends with is judged by each.' },
      ...common,
    },
  };
}

/** One type of orchestrator for each strategy. */
export const orchestratorTypes = new Registry<OrchestratorType>(
  'orchestrator',
  strategies.list().map((strategy) => {
    const { name, title, description } = strategy;
    return { name, title, description, schema: orchestratorSchema(strategy), strategy };
  }),
);
