import type {
  AttackOutcome,
  AttemptFault,
  AttemptPurpose,
  ExecutionState,
  JsonObject,
  JsonValue,
  Role,
  ScoreType,
  SettledState,
  UnknownOutcomePolicy,
} from '#core';
import type { ImportTables } from './imports/tables.js';

/** An identity whose tokens open a memory: who issued them, and the canonical name in them. */
export interface OwnerAlias {
  readonly issuer: string;
  readonly name: string;
}

/** Moments are ISO 8601 UTC text, ids UUIDs unless said otherwise. */
export interface OwnerTable {
  store_id: string;
  user_id: string;
  issuer: string;
  name: string;
  aliases: readonly OwnerAlias[];
  created_at: string;
}

/** A named, typed configuration: generators, converters, scorers and orchestrators have the same shape. */
export interface ConfigurationTable {
  id: string;
  name: string;
  type: string;
  parameters: JsonObject;
  /** By parameter name. */
  secrets: Readonly<Record<string, StoredSecret>>;
  revision: number;
  created_at: string;
  updated_at: string;
}

/** A secret as it is stored: sealed, or a reference to where the operator keeps it. Never in clear. */
export type StoredSecret =
  { readonly kind: 'sealed'; readonly sealed: string; readonly hint: string } | { readonly kind: 'env' | 'file'; readonly name: string };

export interface DatasetTable {
  id: string;
  name: string;
  description: string;
  /** How it came in: `json`, `csv`, `jsonl`, `text`. */
  source: string;
  prompt_count: number;
  duplicate_count: number;
  /** SHA-256 of the prompt ids in order. */
  content_hash: string;
  created_at: string;
}

export interface PromptTable {
  dataset_id: string;
  position: number;
  /** Content id. */
  prompt_id: string;
  value: string;
  harm_categories: readonly string[];
  metadata: JsonObject;
}

export interface ExecutionTable {
  id: string;
  orchestrator_id: string;
  /** The resolved, immutable plan but for its items. */
  plan: JsonValue;
  plan_hash: string;
  planned: number;
  state: ExecutionState;
  /** Why it is in this state, where the state alone does not say. */
  reason: string | null;
  on_unknown_outcome: UnknownOutcomePolicy;
  labels: Readonly<Record<string, string>>;
  created_at: string;
  /** Somebody wants it cancelled: it is, even if the server dies first. */
  cancel_requested_at: string | null;
  /** What it may spend on requests, tokens and in money; null for as much as it takes. */
  max_requests: number | null;
  max_tokens: number | null;
  max_cost: number | null;
  started_at: string | null;
  finished_at: string | null;
}

export interface ItemTable {
  execution_id: string;
  /** Content id. */
  id: string;
  position: number;
  prompt_id: string;
  value: string;
  chain: number;
  repeat: number;
  occurrence: number;
}

/** The journal: one row per phase of an attempt, never changed. */
export interface AttemptTable {
  execution_id: string;
  item_id: string;
  attempt_id: string;
  phase: 'intended' | 'answered' | 'failed' | 'lost';
  happened_at: string;
  purpose: AttemptPurpose | null;
  turn: number | null;
  branch: number | null;
  retry: number | null;
  latency_ms: number | null;
  blocked: boolean | null;
  finish_reason: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  request_id: string | null;
  response_id: string | null;
  fault: AttemptFault | null;
  detail: string | null;
}

/** How an item ended, once per scoring run; the latest run counts. */
export interface OutcomeTable {
  execution_id: string;
  item_id: string;
  scoring_run_id: string;
  state: SettledState;
  reason: string | null;
  settled_at: string;
}

export interface MessageTable {
  id: string;
  conversation_id: string;
  /** Assigned by the store: 0, 1, 2 … in each conversation. */
  sequence: number;
  role: Role;
  sent_at: string;
  /** The text; of a long one its beginning. */
  original_value: string;
  original_value_sha256: string;
  /** How many more parts of it are in `long_texts`; null for none. */
  original_parts: number | null;
  /** Null when it is the same as the original: answers, and prompts without converters, are kept once. */
  converted_value: string | null;
  converted_value_sha256: string | null;
  /** The same; where both texts are one, its parts are there once, as the original's. */
  converted_parts: number | null;
  data_type: string;
  /** `none`, or `blocked` for the answer of a content filter. */
  response_error: string;
  labels: Readonly<Record<string, string>>;
  metadata: JsonObject;
  /** The message that this one is a copy of, or its own id. Scores hang on it. */
  original_prompt_id: string;
  execution_id: string | null;
  item_id: string | null;
}

/** What the columns of a message do not hold of its texts. */
export interface LongTextTable {
  message_id: string;
  field: 'original' | 'converted';
  /** 1 follows on the beginning that is in the message. */
  part: number;
  text: string;
}

/** How the attack on an item's objective ended, once per scoring run. The objective is the item's value. */
export interface AttackResultTable {
  execution_id: string;
  item_id: string;
  scoring_run_id: string;
  outcome: AttackOutcome;
  reason: string | null;
  turns: number;
  backtracks: number;
  /** The conversation with the target that it ended with, and the answer in it. */
  conversation_id: string | null;
  response_id: string | null;
  pruned_conversation_ids: readonly string[];
  attacker_conversation_ids: readonly string[];
  latency_ms: number;
  input_tokens: number;
  output_tokens: number;
  ended_at: string;
}

export interface ScoreTable {
  id: string;
  message_id: string;
  scoring_run_id: string | null;
  execution_id: string | null;
  item_id: string | null;
  scorer_id: string | null;
  scorer_name: string;
  scorer_type: string;
  scorer_version: string;
  score_type: ScoreType;
  value: string;
  category: string | null;
  rationale: string;
  metadata: JsonObject | null;
  scored_at: string;
}

/** The tables of one person's memory. */
export interface MemoryTables extends ImportTables {
  owner: OwnerTable;
  generators: ConfigurationTable;
  converters: ConfigurationTable;
  scorers: ConfigurationTable;
  orchestrators: ConfigurationTable;
  datasets: DatasetTable;
  prompts: PromptTable;
  executions: ExecutionTable;
  items: ItemTable;
  attempts: AttemptTable;
  outcomes: OutcomeTable;
  messages: MessageTable;
  long_texts: LongTextTable;
  scores: ScoreTable;
  attack_results: AttackResultTable;
}

export const CONFIGURATION_NOUNS = ['generators', 'converters', 'scorers', 'orchestrators'] as const;
export type ConfigurationNoun = (typeof CONFIGURATION_NOUNS)[number];
