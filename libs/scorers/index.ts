import { contentId, Registry, type JsonObject } from '#core';
import { credentialLeak } from './credential-leak.js';
import { jsonSchema } from './json-schema.js';
import { length } from './length.js';
import { markdownInjection } from './markdown-injection.js';
import { refusal } from './refusal.js';
import { regex } from './regex.js';
import type { RevisedScorerType } from './revision.js';
import { selfAskCategory } from './self-ask-category.js';
import { selfAskLikert } from './self-ask-likert.js';
import { selfAskRefusal } from './self-ask-refusal.js';
import { selfAskTrueFalse } from './self-ask-true-false.js';
import { substring } from './substring.js';

export type { RevisedScorerType } from './revision.js';

/** Every scorer type of this server. */
export const scorers: Registry<RevisedScorerType> = new Registry('scorer', [
  credentialLeak,
  jsonSchema,
  length,
  markdownInjection,
  refusal,
  regex,
  selfAskCategory,
  selfAskLikert,
  selfAskRefusal,
  selfAskTrueFalse,
  substring,
]);

/**
 * The version of a configured scorer: a content id of its type, the revision of that type and its parameters, defaults
 * included. Scores of equal versions can be compared. What a judge's generator is configured to is not part of it.
 * @throws InvalidInput when there is no such type, or the parameters do not fit it.
 */
export function scorerVersion(typeName: string, parameters: JsonObject): string {
  const { revision } = scorers.get(typeName);
  return contentId({ type: typeName, revision, parameters: scorers.validate(typeName, parameters) });
}
