import { InvalidInput, type JsonSchema } from '#core';

/** A parameter whose value decides what the defaults of others are. */
export interface Choice {
  readonly parameter: string;
  readonly byDefault: string;
  /** By the value of the parameter: the texts of the others, by their names. */
  readonly texts: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * The defaults that follow from a choice, as `allOf` of a schema. As with `templateParameter`, the text that is chosen is stored and frozen, not only
 * the name of the choice.
 */
export function defaultsOf({ parameter, byDefault, texts }: Choice): readonly JsonSchema[] {
  return Object.entries(texts).map(([value, others]) => ({
    // A condition on a value holds where there is none yet; only that of the default may. The defaults of `properties` come later than these.
    if: { properties: { [parameter]: { const: value } }, ...(value === byDefault ? {} : { required: [parameter] }) },
    // A schema, not a promise.
    // oxlint-disable-next-line unicorn/no-thenable
    then: { properties: Object.fromEntries(Object.entries(others).map(([name, text]) => [name, { default: text }])) },
  }));
}

/**
 * Refuses the text of another choice. Whoever reads a configuration, changes the choice and sends it back would otherwise keep the former text.
 * @throws InvalidInput naming the parameters to leave out.
 */
export function checkChoice({ parameter, texts }: Choice, parameters: Readonly<Record<string, unknown>>): void {
  const chosen = String(parameters[parameter]);
  const faults = Object.entries(texts[chosen] ?? {}).flatMap(([name, own]) => {
    const given = parameters[name];
    const [other] = Object.entries(texts).find(([value, others]) => value !== chosen && given !== own && others[name] === given) ?? [];
    if (other === undefined) return [];
    return [{ pointer: `/parameters/strategy/${name}`, detail: `is the text of '${other}'; leave it out to have that of '${chosen}'` }];
  });
  if (faults.length > 0) throw new InvalidInput(`The texts do not belong to the ${parameter} '${chosen}'.`, faults);
}
