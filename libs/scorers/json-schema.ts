import { fencedBlocks, parseJson, type JsonSchema, type Parsed } from '#core';
import type { RevisedScorerType } from './revision.js';
import { compileLinearSchema } from './linear-schema.js';
import { CATEGORY, categoryOf, trueFalse } from './score.js';

const MAX_CHARACTERS = 100_000;

export const jsonSchema: RevisedScorerType = {
  name: 'json-schema',
  title: 'JSON Schema',
  description: `True when the answer is JSON that fits a schema. It may stand in a code fence. Answers of over ${MAX_CHARACTERS} characters are false.`,
  revision: 1,
  scoreType: 'true_false',
  needsJudge: false,
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      schema: {
        type: 'object',
        description: 'A JSON Schema, draft 2020-12; {} takes any JSON. Its patterns are of RE2 syntax; formats are not checked.',
      },
      allowFence: {
        type: 'boolean',
        default: true,
        description: 'Whether the JSON may stand in a Markdown code fence, with other text around.',
      },
      ...CATEGORY,
    },
    required: ['schema'],
  },
  create(parameters) {
    const { schema, allowFence } = parameters as { schema: JsonSchema; allowFence: boolean };
    const misfits = compileLinearSchema(schema, '/parameters/schema');
    const category = categoryOf(parameters);
    return ({ response }) => {
      if (response.length > MAX_CHARACTERS) return trueFalse(false, category, `The answer has more than ${MAX_CHARACTERS} characters.`);
      const parsed = parseJson(response) ?? (allowFence ? firstFenced(response) : null);
      if (!parsed) return trueFalse(false, category, 'The answer is not JSON.');
      const faults = misfits(parsed.value);
      return trueFalse(
        faults.length === 0,
        category,
        faults.length === 0 ? 'The answer fits the schema.' : `It does not fit: ${faults.join('; ')}.`,
      );
    };
  },
};

function firstFenced(text: string): Parsed | null {
  for (const block of fencedBlocks(text)) {
    const parsed = parseJson(block);
    if (parsed) return parsed;
  }
  return null;
}
