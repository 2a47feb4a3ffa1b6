import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { InvalidInput, type FieldFault } from './errors.js';
import type { JsonObject } from './json.js';
import type { Plugin } from './plugin.js';

/** Nobody reads more of them. */
const MOST_FAULTS = 100;

/** The types of one kind of plug-in, by name. Their schemas are compiled once, when they are first asked for: all together take half a second. */
export class Registry<T extends Plugin> {
  readonly #types = new Map<string, T>();
  readonly #compiled = new Map<string, ValidateFunction>();
  #ajv: Ajv2020 | null = null;

  /** @param noun what is registered, for messages: `converter`, `scorer` … */
  constructor(
    readonly noun: string,
    types: Iterable<T>,
  ) {
    for (const type of types) {
      if (this.#types.has(type.name)) throw new Error(`Two ${noun} types are called '${type.name}'.`);
      this.#types.set(type.name, type);
    }
  }

  /** All types, by name. */
  list(): readonly T[] {
    return [...this.#types.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws InvalidInput naming the types that exist. */
  get(name: string): T {
    const type = this.#types.get(name);
    if (type) return type;
    const known = this.list().map((each) => each.name);
    throw new InvalidInput(`There is no ${this.noun} type '${name}'.`, [
      { pointer: '/type', detail: `must be one of: ${known.join(', ')}` },
    ]);
  }

  /**
   * A copy of `parameters` with the defaults of the type's schema filled in.
   * @throws InvalidInput naming the fields that are wrong, at most 100, under `/parameters`.
   */
  validate(name: string, parameters: JsonObject): JsonObject {
    const type = this.get(name);
    const validate = this.#validatorOf(type);
    const copy = structuredClone(parameters);
    if (validate(copy)) return copy;
    const faults = (validate.errors ?? []).slice(0, MOST_FAULTS).map(toFault);
    throw new InvalidInput(`The parameters do not fit the ${this.noun} type '${type.name}'.`, faults);
  }

  #validatorOf({ name, schema }: T): ValidateFunction {
    const known = this.#compiled.get(name);
    if (known) return known;
    const options = { allErrors: true, useDefaults: true, strict: true, strictTypes: false, formats: { uuid: UUID, uri: isUrl } };
    this.#ajv ??= new Ajv2020(options);
    const validate = this.#ajv.compile(schema);
    this.#compiled.set(name, validate);
    return validate;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function isUrl(text: string): boolean {
  return URL.canParse(text);
}

function toFault(error: ErrorObject): FieldFault {
  const at = `/parameters${error.instancePath}`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { pointer: `${at}/${String(params['missingProperty'])}`, detail: 'is required' };
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return { pointer: `${at}/${String(params['additionalProperty'] ?? params['unevaluatedProperty'])}`, detail: 'is not known here' };
    case 'enum':
      return { pointer: at, detail: `must be one of: ${(params['allowedValues'] as unknown[]).join(', ')}` };
    default:
      return { pointer: at, detail: error.message ?? 'is invalid' };
  }
}
