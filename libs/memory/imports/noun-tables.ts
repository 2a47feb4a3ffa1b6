/** Nouns whose rows have names, one of each in a table. */
export type ConfigurationImport = 'generator' | 'converter' | 'scorer' | 'orchestrator';
export type NamedNoun = ConfigurationImport | 'dataset';

/** What an execution consists of, beside its messages and scores: its parts are told apart by keys of their own, and go with it. */
export type PartNoun = 'item' | 'attempt' | 'outcome' | 'attackResult';

export const NAMED_TABLES = {
  generator: 'generators',
  converter: 'converters',
  scorer: 'scorers',
  orchestrator: 'orchestrators',
  dataset: 'datasets',
} as const;

/** The tables whose rows have an id. */
export const ROW_TABLES = { ...NAMED_TABLES, execution: 'executions', message: 'messages', score: 'scores' } as const;

export const PART_TABLES = { item: 'items', attempt: 'attempts', outcome: 'outcomes', attackResult: 'attack_results' } as const;

export type RowTable = (typeof ROW_TABLES)[keyof typeof ROW_TABLES];
export type PartTable = (typeof PART_TABLES)[PartNoun];

export function isPart(noun: string): noun is PartNoun {
  return noun in PART_TABLES;
}
