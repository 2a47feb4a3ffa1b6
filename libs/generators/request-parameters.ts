import { InvalidInput, sha256, type JsonSchema } from '#core';

/** What every generator that sends requests has in common. */
export interface RequestParameters {
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly price?: { readonly input: number; readonly output: number };
}

/** The members of a type's schema for {@link RequestParameters}. */
export const requestParameters: JsonSchema = {
  timeoutMs: {
    type: 'integer',
    minimum: 100,
    maximum: 600_000,
    default: 60_000,
    description: 'How long one request may take, in milliseconds, from connecting to the last byte of the answer.',
  },
  maxInFlight: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'How many requests may be on the way at once to this endpoint with this credential.',
  },
  price: {
    type: 'object',
    additionalProperties: false,
    required: ['input', 'output'],
    properties: {
      input: { type: 'number', minimum: 0, maximum: 1_000_000, description: 'Of a million tokens that are sent.' },
      output: { type: 'number', minimum: 0, maximum: 1_000_000, description: 'Of a million tokens that come back.' },
    },
    description: 'What tokens cost, in the currency of the `maxCost` of executions.',
  },
};

/**
 * The URL of an endpoint.
 * @param pointer the parameter it comes from, for the fault.
 * @throws InvalidInput when it is not http(s), or carries credentials or a fragment.
 */
export function endpointUrl(text: string, pointer: string): URL {
  const refuse = (detail: string): never => {
    throw new InvalidInput('The address of the endpoint is not usable.', [{ pointer, detail }]);
  };
  if (!URL.canParse(text)) return refuse('must be an absolute URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refuse('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') return refuse('must not carry credentials; use the secret parameter');
  if (url.hash !== '') return refuse('must not have a fragment (#…)');
  return url;
}

/** `origin + path + model # fingerprint`: requests with equal keys share their limits. A query is left out, since it may hold a key. */
export function limitKey(url: URL, model: string, secret: string | undefined): string {
  const fingerprint = secret === undefined ? 'open' : sha256(secret).slice(0, 12);
  return `${url.origin}${url.pathname.replace(/\/$/, '')}${model === '' ? '' : ` ${model}`}#${fingerprint}`;
}
