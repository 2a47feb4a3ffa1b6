import type { JsonObject } from './json.js';
import type { Plugin } from './plugin.js';
import type { Random } from './random.js';

export interface ConverterContext {
  /** The only randomness a converter may use: seeded by execution, item and place in the chain, so that a run can be repeated. */
  readonly random: Random;
}

/** Turns one prompt into another. Text in, text out; deterministic but for `context.random`. */
export type Converter = (text: string, context: ConverterContext) => string;

export interface ConverterType extends Plugin {
  /** `parameters` passed the schema. @throws InvalidInput when they make no sense together. */
  create(parameters: JsonObject): Converter;
}
