import type { Cells } from '../source.js';
import type { LegacyExecution } from './execution.js';
import type { LegacyAttackResult } from './attack-result.js';
import type { LegacyMessage } from './message.js';
import type { LegacyScore } from './score.js';
import type { LegacySeed } from './seed.js';
import type { LegacyApiKey } from './api-key.js';
import type { LegacyConfiguration } from './configuration.js';
import type { LegacyDataset } from './dataset.js';
import type { LegacyOrchestrator } from './orchestrator.js';
import type { LegacyPrompt } from './prompt.js';
import type { LegacySession } from './session.js';

/** Where a row is from: equal provenance, equal row, whatever the file is called and wherever it lies. */
export interface Provenance {
  /** `contentSha256` of the candidate: of the file, with its log where it has one. */
  readonly file: string;
  readonly table: string;
  /** The engine's number of the row. */
  readonly row: number;
}

/** Rows by what they are here. `carried` ones have no counterpart and are kept as they were. */
export interface LegacyValues {
  message: LegacyMessage;
  score: LegacyScore;
  seed: LegacySeed;
  attackResult: LegacyAttackResult;
  generator: LegacyConfiguration;
  converter: LegacyConfiguration;
  scorer: LegacyConfiguration;
  dataset: LegacyDataset;
  prompt: LegacyPrompt;
  session: LegacySession;
  orchestrator: LegacyOrchestrator;
  execution: LegacyExecution;
  apiKey: LegacyApiKey;
  carried: null;
}

export type LegacyNoun = keyof LegacyValues;

export interface LegacyRowOf<Noun extends LegacyNoun> {
  readonly kind: 'row';
  readonly noun: Noun;
  readonly provenance: Provenance;
  readonly value: LegacyValues[Noun];
  /** Every column of the row as it was stored. It may hold secrets in clear. */
  readonly original: Cells;
  /** What was odd about it. Sentences that quote nothing. */
  readonly notes: readonly string[];
}

/** A row that was read. */
export type LegacyRow = { [Noun in LegacyNoun]: LegacyRowOf<Noun> }[LegacyNoun];

/** Rows that are there and could not be read, with the reason. */
export interface UnreadableRows {
  readonly kind: 'unreadable';
  readonly file: string;
  readonly table: string;
  readonly row: number | null;
  /** How many; null when a damaged file doesn't tell. */
  readonly rows: number | null;
  readonly reason: string;
  /** What could be read of a single one. */
  readonly original: Cells | null;
}

/** What became of the rows of a table; it comes after them. */
export interface TableAccount {
  readonly kind: 'account';
  readonly table: string;
  /** How many the table has; null when a damaged file doesn't tell. */
  readonly rows: number | null;
  readonly read: number;
  readonly unreadable: number | null;
  /** Not read on purpose, and why. */
  readonly skipped: number;
  readonly skippedReason: string | null;
}
