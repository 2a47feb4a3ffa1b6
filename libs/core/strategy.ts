import type { AttemptPurpose } from './journal.js';
import type { ChatMessage } from './message.js';
import type { GeneratorReply } from './generator.js';
import type { JsonObject } from './json.js';
import type { Plugin } from './plugin.js';

/** One request of a strategy: who is asked, and where in the conversation tree. */
export interface StrategyRequest {
  readonly purpose: Extract<AttemptPurpose, 'target' | 'attacker'>;
  /** 0 for the first exchange of a branch. */
  readonly turn: number;
  readonly branch: number;
  /** The text before converters; the converted one is what `messages` ends with. */
  readonly original: string;
  readonly messages: readonly ChatMessage[];
}

/** What a strategy may do. `send` limits, retries, journals and resumes; a strategy only decides what to say next. */
export interface StrategyPorts {
  readonly convert: (text: string) => string;
  /** @throws GeneratorError after the last retry. */
  readonly send: (request: StrategyRequest) => Promise<GeneratorReply>;
}

/** The end of one item: the exchange that is to be scored. */
export interface StrategyResult {
  readonly reply: GeneratorReply;
  readonly turn: number;
  readonly branch: number;
}

export interface StrategyType extends Plugin {
  /** Runs one planned prompt to its end. */
  create(parameters: JsonObject): (prompt: string, ports: StrategyPorts) => Promise<StrategyResult>;
}
