import type { JsonObject } from './json.js';
import { contentId } from './ids.js';

/** A prompt as it comes in: its text and what its author says of it. */
export interface SeedPrompt {
  readonly value: string;
  readonly harmCategories: readonly string[];
  readonly metadata: JsonObject;
}

/** The stable id of a prompt: a hash of its content alone, so that the same prompt has the same id in every dataset. */
export function promptId(value: string): string {
  return contentId({ dataType: 'text', value });
}
