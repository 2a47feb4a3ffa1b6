import type { ChatMessage } from './message.js';
import type { GeneratorReply } from './generator.js';
import type { JsonObject } from './json.js';
import type { Plugin } from './plugin.js';

/** `true_false` values are "true" or "false"; `float_scale` values are decimal text in 0…1. */
export type ScoreType = 'true_false' | 'float_scale';

/** What is judged: the answer, and what it answers. */
export interface ScoreSubject {
  readonly response: string;
  /** What was planned: the prompt itself, or what an attack is for. */
  readonly objective: string;
  /** What was said, before converters. */
  readonly prompt: string;
  readonly convertedPrompt: string;
}

export interface ScoreValue {
  readonly type: ScoreType;
  readonly value: string;
  readonly category: string | null;
  /** Why; for a judge, its own words. */
  readonly rationale: string;
  readonly metadata: JsonObject | null;
}

export interface ScorerPorts {
  readonly signal: AbortSignal;
  /** Asks the judge generator; only for types with `needsJudge`. Retries of the transport are the caller's matter. */
  readonly judge: (messages: readonly ChatMessage[]) => Promise<GeneratorReply>;
}

/** The judge answered, but not in a form that can be read as a score. */
export class UnreadableVerdict extends Error {
  override readonly name = 'UnreadableVerdict';
}

/** @throws UnreadableVerdict when a judge's answer can't be read; whatever `ports.judge` throws. Never invents a score. */
export type Scorer = (subject: ScoreSubject, ports: ScorerPorts) => ScoreValue | Promise<ScoreValue>;

export interface ScorerType extends Plugin {
  readonly scoreType: ScoreType;
  /** Whether it asks a model; then its parameters have a `generatorId`. */
  readonly needsJudge: boolean;
  /** `parameters` passed the schema. @throws InvalidInput when they make no sense (a pattern that does not parse). */
  create(parameters: JsonObject): Scorer;
}
