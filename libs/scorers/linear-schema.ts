import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { canonicalJson, InvalidInput, type JsonSchema, type JsonValue } from '#core';
import { TookTooLong, withinMs } from './time-limit.js';

const MAX_INSTRUCTIONS = 200;
/** A rationale is for people: nobody reads more of them. */
const MAX_FAULTS = 20;
/** Usual schemas take a tenth of it. */
const COMPILE_MS = 250;
/** Usual schemas take a hundredth of it. */
const VALIDATE_MS = 100;

/**
 * A JSON Schema (draft 2020-12) for values that a model wrote: its patterns run on RE2 and `uniqueItems` by hashing, because with
 * the usual engines a model (or whoever prompts it) could write a value that keeps the process busy for minutes. References that
 * branch can still take a time that doubles with each of them, so there is a time limit besides.
 * @returns what does not fit, one sentence each; nothing when all does. It throws InvalidInput when that takes over 100 ms.
 * @throws InvalidInput naming `pointer` when it is not a schema, has a pattern that RE2 does not know, or takes over 250 ms to compile.
 */
export function compileLinearSchema(schema: JsonSchema, pointer: string): (value: unknown) => readonly string[] {
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    validateFormats: false,
    code: { regExp: Object.assign(linearPattern, { code: 'linearPattern' }) },
  });
  ajv.removeKeyword('uniqueItems').addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly JsonValue[]) => !wanted || new Set(items.map(canonicalJson)).size === items.length,
    error: { message: 'must not have equal items' },
  });
  let validate: ValidateFunction;
  try {
    validate = withinMs(COMPILE_MS, () => ajv.compile(schema));
  } catch (error) {
    if (error instanceof TookTooLong) throw new InvalidInput('The schema is too large.', [{ pointer, detail: 'must be smaller' }]);
    throw new InvalidInput('The schema cannot be used.', [{ pointer, detail: (error as Error).message }]);
  }
  // The validator of a schema with $async answers with a promise, which would always look like a fit.
  if ('$async' in validate) throw new InvalidInput('The schema cannot be used.', [{ pointer, detail: 'must not have $async' }]);
  return (value) => {
    try {
      if (withinMs(VALIDATE_MS, () => validate(value))) return [];
      return (validate.errors ?? []).slice(0, MAX_FAULTS).map((error) => `${error.instancePath || '/'} ${error.message}`);
    } catch (error) {
      if (error instanceof TookTooLong) {
        throw new InvalidInput('The schema takes too long on this answer.', [
          { pointer, detail: 'must branch less: references and patterns that are tried many times on one value take too long' },
        ]);
      }
      // A schema that refers to itself descends as deep as the value does.
      if (error instanceof RangeError) return ['/ is nested too deep'];
      throw error;
    }
  };
}

function linearPattern(source: string): { test(text: string): boolean; toString(): string } {
  const compiled = RE2JS.compile(source);
  if (compiled.programSize() > MAX_INSTRUCTIONS) throw new Error('a pattern is too large; lower its counts ({m,n})');
  // Ajv tells patterns apart by their text.
  return { test: (text) => compiled.test(text), toString: () => source };
}
