import type { JsonSchema } from './json.js';

/**
 * What every plug-in is: a name, a schema and (in the contracts that extend this) a function.
 * The schema describes an object of parameters, with `additionalProperties: false`, a `description` for each member and `default`s.
 */
export interface Plugin {
  /** kebab-case, unique in its registry; stored in configurations, so it never changes. */
  readonly name: string;
  readonly title: string;
  /** One or two sentences for the person who chooses it. */
  readonly description: string;
  readonly schema: JsonSchema;
}
