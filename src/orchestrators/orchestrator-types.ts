import { Registry, type JsonSchema, type Plugin, type StrategyType } from '#core';
import { strategies } from '#strategies';

/** What an orchestrator refers to, whatever its strategy. */
export interface OrchestratorParameters {
  readonly generatorId: string;
  /** Each chain is a list of converter ids; an empty one sends prompts as they are. Every prompt goes through every chain. */
  readonly converterChains: readonly (readonly string[])[];
  readonly scorerIds: readonly string[];
  readonly strategy: Readonly<Record<string, never>>;
  readonly maxRetries: number;
}

/** A kind of orchestrator: a strategy, with what every strategy needs around it. */
export interface OrchestratorType extends Plugin {
  readonly strategy: StrategyType;
}

const id = { type: 'string', format: 'uuid' } as const;

function orchestratorSchema(strategy: StrategyType): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['generatorId'],
    properties: {
      generatorId: { ...id, description: 'The model under test.' },
      converterChains: {
        type: 'array',
        minItems: 1,
        maxItems: 50,
        items: { type: 'array', maxItems: 20, items: id },
        default: [[]],
        description: 'Chains of converters. Every prompt goes through each; the empty chain sends it as it is.',
      },
      scorerIds: { type: 'array', maxItems: 50, uniqueItems: true, items: id, default: [], description: 'Every answer is judged by each.' },
      strategy: { ...strategy.schema, default: {}, description: 'The parameters of the strategy.' },
      maxRetries: { type: 'integer', minimum: 0, maximum: 20, default: 5, description: 'How often a failed request is sent again.' },
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
