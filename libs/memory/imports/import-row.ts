import type { JsonObject, Role, ScoreType } from '#core';
import type { StoredSecret } from '../tables.js';
import type { ImportedAttackResult, ImportedAttempt, ImportedExecution, ImportedItem, ImportedOutcome } from './import-journal.js';

/** Where a row is from: equal provenance, equal row. */
export interface ImportProvenance {
  /** SHA-256 of the content of the source. */
  readonly file: string;
  readonly table: string;
  /** The source's number of the row. */
  readonly row: number;
}

/** A generator, converter, scorer or orchestrator. Moments, here and below, are ISO 8601 UTC text with milliseconds: what naive ones mean is the caller's to say. */
export interface ImportedConfiguration {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Ids of configurations of the same file in it follow what those become. */
  readonly parameters: JsonObject;
  /** By parameter name, sealed for `id`. */
  readonly secrets: Readonly<Record<string, StoredSecret>>;
  /** 1 where it is left out. */
  readonly revision?: number;
  /** What its name is followed by when a newer one has the name: few words, such as the beginning of the file's hash. */
  readonly origin: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ImportedDataset {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly source: string;
  /** How many prompts were left out before, because they were there twice; none where it is left out. */
  readonly duplicateCount?: number;
  readonly origin: string;
  readonly createdAt: string;
}

export interface ImportedPrompt {
  /** The dataset as its own row names it, in the same file. */
  readonly datasetId: string;
  /** Null where the source has no order: then by text, after those that have a place. */
  readonly position: number | null;
  readonly value: string;
  readonly harmCategories: readonly string[];
  readonly metadata: JsonObject;
}

export interface ImportedMessage {
  readonly id: string;
  readonly conversationId: string;
  /** The place in the conversation; null where the source did not number. Gaps and ties are allowed: the store numbers anew. */
  readonly sequence: number | null;
  readonly role: Role;
  readonly sentAt: string;
  readonly originalValue: string;
  readonly convertedValue: string;
  readonly dataType: string;
  readonly responseError: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** The message that it is a copy of, in the same file, or its own id. */
  readonly originalPromptId: string;
  /**
   * Its source had no id for it: `id` was made for it, and means nothing elsewhere. A conversation of such messages is the same as one of its id that
   * says the same.
   */
  readonly derived?: true;
  /** The execution of the same file that brought it, and the item of it; left out for none. */
  readonly executionId?: string | null;
  readonly itemId?: string | null;
}

export interface ImportedScore {
  readonly id: string;
  /** The message as its own row names it, in the same file; null for a score that hangs on none. */
  readonly messageId: string | null;
  readonly scorerName: string;
  readonly scorerType: string;
  readonly scorerVersion: string;
  /** Null for a value that is neither yes or no nor a number. */
  readonly scoreType: ScoreType | null;
  readonly value: string;
  readonly category: string | null;
  readonly rationale: string;
  readonly metadata: JsonObject | null;
  readonly scoredAt: string;
  /** The execution of the same file that brought it, and the item of it. Left out, it belongs where its message does; null for none. */
  readonly executionId?: string | null;
  readonly itemId?: string | null;
  readonly scoringRunId?: string | null;
  /** The scorer as the same file has it. */
  readonly scorerId?: string | null;
  /** Made up by its program: nothing scored anything. */
  readonly synthetic: boolean;
}

/** A row that has no counterpart here, or that its reader could not make one of: its original is kept, with the reason. */
export interface ImportedRemainder {
  readonly reason: string;
}

export interface ImportValues {
  generator: ImportedConfiguration;
  converter: ImportedConfiguration;
  scorer: ImportedConfiguration;
  orchestrator: ImportedConfiguration;
  dataset: ImportedDataset;
  prompt: ImportedPrompt;
  execution: ImportedExecution;
  message: ImportedMessage;
  item: ImportedItem;
  attempt: ImportedAttempt;
  outcome: ImportedOutcome;
  attackResult: ImportedAttackResult;
  score: ImportedScore;
  remainder: ImportedRemainder;
}

export type ImportNoun = keyof ImportValues;

export interface ImportRowOf<Noun extends ImportNoun> {
  readonly noun: Noun;
  readonly provenance: ImportProvenance;
  readonly value: ImportValues[Noun];
  /** The row as it was stored, verbatim: sealed by the caller, because there may be secrets in it. */
  readonly original: string;
}

/** A row from elsewhere, in the words of a memory. Ids that are no UUIDs become such, equal ones equal. */
export type ImportRow = { [Noun in ImportNoun]: ImportRowOf<Noun> }[ImportNoun];

/** What became of a row. `renamed` is added too, under another name. */
export type ImportDecision = 'added' | 'duplicate' | 'renamed' | 'quarantined';
