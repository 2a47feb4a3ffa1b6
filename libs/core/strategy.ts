import type { AttackOutcome, Place } from './attack.js';
import type { AttemptPurpose } from './journal.js';
import type { ChatMessage } from './message.js';
import type { GeneratorReply } from './generator.js';
import type { JsonObject } from './json.js';
import type { Plugin } from './plugin.js';
import type { Random } from './random.js';
import type { ScoreValue } from './scorer.js';

/** Whom a strategy talks to: the model under test, or the model that writes the attack. */
export type Partner = Extract<AttemptPurpose, 'target' | 'attacker'>;

/** One request of a strategy. */
export interface StrategyRequest extends Place {
  readonly purpose: Partner;
  /** What is said now, before converters; the converted text is what `messages` ends with. */
  readonly original: string;
  /**
   * The whole conversation so far, and what is said now. What stands before the first request of a conversation (a system prompt, turns that are
   * made up) is remembered with it.
   */
  readonly messages: readonly ChatMessage[];
  /** With the first request of a branch that goes on from a turn of another: that turn. The earlier ones are copied into this conversation. */
  readonly from?: Place;
}

/** An answer, and the text that it answers: of an answer from before a crash, the one that was sent then. */
export interface StrategyReply extends GeneratorReply {
  readonly sent: string;
}

/** What a judge said, and how far it holds, from 0 to 1: of true and false, 1 and 0. */
export interface Judgement extends ScoreValue {
  readonly degree: number;
}

/**
 * What a strategy may do. Requests are limited, retried, paid for, journaled and, after a crash, not sent again: a strategy runs from its beginning
 * then, and what it asked before is answered from the journal. So it asks one thing at a time, and decides only by what it was answered.
 */
export interface StrategyPorts {
  /** The place of the answer that the item was planned to judge; null where it was planned to ask something, or when it is gone. */
  readonly stored: Place | null;
  /** The converter chain of the item. */
  readonly convert: (text: string) => string;
  /** The only randomness a strategy may use: the same stream each time the item is run. */
  readonly random: Random;
  /** @throws GeneratorError after the last retry; NothingToSend when the last message is empty. Errors that end an execution are to be passed on. */
  readonly send: (request: StrategyRequest) => Promise<StrategyReply>;
  /** Whether somebody has the role: a strategy's optional judge. */
  readonly hasJudge: (role: string) => boolean;
  /**
   * Has an answer of the target judged by the scorer that has the role. The score is kept, and asked for once.
   * @throws JudgeFailed; errors that end an execution are to be passed on.
   */
  readonly judge: (role: string, place: Place) => Promise<Judgement>;
}

/** A judge did not come to a score; the message says which and why. */
export class JudgeFailed extends Error {
  override readonly name = 'JudgeFailed';
}

/** The strategy can't go on with an item: the attacker's answers can't be used, the prompt is not of the form it takes. The message says why. */
export class StrategyFailed extends Error {
  override readonly name = 'StrategyFailed';
}

/** The prompt is empty after its converters. */
export class NothingToSend extends Error {
  override readonly name = 'NothingToSend';
  constructor() {
    super('There was nothing to send: the prompt is empty after its converters.');
  }
}

/** The end of one item. Its place is the exchange with the target that it ended with: the winning one, or the last, or the best. */
export interface StrategyResult extends Place {
  /** Null when nobody was asked whether the objective was reached. */
  readonly outcome: Exclude<AttackOutcome, 'error'> | null;
  /** Why, in a sentence, where the outcome alone does not say. */
  readonly reason?: string;
  /** How many turns it took, by the count of the published method. */
  readonly turns: number;
  readonly backtracks?: number;
  /** The branches of the target that were given up. */
  readonly pruned?: readonly number[];
}

/** Runs one planned prompt, the objective of an attack, to its end. */
export type Strategy = (objective: string, ports: StrategyPorts) => Promise<StrategyResult>;

/** A judgement that a strategy decides by. The orchestrator names a scorer for it, by the parameter `<role>ScorerId`. */
export interface JudgeRole {
  /** camelCase. */
  readonly role: string;
  readonly description: string;
  readonly required: boolean;
  /** What judges when no scorer is named: a scorer type with its defaults that asks no model. */
  readonly fallback?: string;
}

/** How many requests one prompt takes at most. */
export interface StrategyCost {
  readonly target: number;
  readonly attacker: number;
  /** Judgements, by role. */
  readonly judgements: Readonly<Record<string, number>>;
}

export interface StrategyType extends Plugin {
  /** What the items of an execution are: prompts to be sent, unless it says answers that are stored, which have no generator. */
  readonly subject?: 'answers';
  /** Whether a model of its own writes what is sent. The orchestrator then names its generator, by the parameter `attackerGeneratorId`. */
  readonly needsAttacker: boolean;
  readonly judges: readonly JudgeRole[];
  /** `parameters` passed the schema. */
  cost(parameters: JsonObject): StrategyCost;
  /** `parameters` passed the schema. @throws InvalidInput when they make no sense together. */
  create(parameters: JsonObject): Strategy;
}
