import { InvalidInput, sha256, type GeneratorLimits, type JsonSchema } from '#core';

/** The parameters that limit what is sent; those that are missing or null are no limit. */
export interface LimitParameters {
  readonly maxInFlight: number;
  readonly requestsPerMinute?: number | null;
  readonly tokensPerMinute?: number | null;
}

/** What every generator that sends requests has in common. */
export interface RequestParameters extends LimitParameters {
  readonly timeoutMs: number;
  readonly price?: { readonly input: number; readonly output: number };
}

/** The members of a type's schema for {@link LimitParameters}. */
export const limitParameters: JsonSchema = {
  maxInFlight: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'How many of your requests may be on the way at once to this endpoint with this credential.',
  },
  requestsPerMinute: {
    type: ['integer', 'null'],
    minimum: 1,
    maximum: 1_000_000,
    description: 'How many of your requests may be sent in a minute, evenly spread; no limit if left out or null.',
  },
  tokensPerMinute: {
    type: ['integer', 'null'],
    minimum: 1,
    maximum: 1_000_000_000,
    description:
      'How many tokens your requests and their answers may have in a minute; no limit if left out or null. ' +
      'They are estimated before a request is sent, and counted as the endpoint says afterwards.',
  },
};

/** The members of a type's schema for {@link RequestParameters}. */
export const requestParameters: JsonSchema = {
  timeoutMs: {
    type: 'integer',
    minimum: 100,
    maximum: 600_000,
    default: 60_000,
    description: 'How long one request may take, in milliseconds, from connecting to the last byte of the answer.',
  },
  ...limitParameters,
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

export function limitsOf({ maxInFlight, requestsPerMinute, tokensPerMinute }: LimitParameters): GeneratorLimits {
  return { maxInFlight, requestsPerMinute: requestsPerMinute ?? null, tokensPerMinute: tokensPerMinute ?? null };
}

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
