import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonSchema } from '#core';
import { textParameter } from './template.js';

/** An exchange that is made up: what somebody asked, and what an assistant answered. */
export type Example = Readonly<Record<'question' | 'answer', string>>;

/** 128 questions that only sound as if an assistant should refuse them, with silly answers, of this project's own writing. */
const BUNDLED = JSON.parse(readFileSync(join(import.meta.dirname, 'templates/many-shot-examples.json'), 'utf8')) as {
  readonly version: number;
  readonly examples: readonly Example[];
};

/** The parameter by which a person has other examples. As with `templateParameter`, the default is stored, and frozen with a plan. */
export function examplesParameter(description: string): JsonSchema {
  const { version, examples } = BUNDLED;
  return {
    type: 'array',
    minItems: 1,
    maxItems: 512,
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['question', 'answer'],
      properties: { question: textParameter('What was asked.'), answer: textParameter('What was answered.') },
    },
    default: examples,
    description: `${description} The default are the ${examples.length} of version ${version} of this server's own, which are harmless.`,
  };
}
