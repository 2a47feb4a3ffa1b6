import { InvalidInput, type JsonSchema } from '#core';

/** The schema of `headers`; what a schema can't say is checked by {@link checkHeaders}. */
export const headersParameter: JsonSchema = {
  type: 'object',
  description: 'Further request headers. They are stored and shown in clear; a credential belongs into the secret parameter.',
  maxProperties: 50,
  additionalProperties: { type: 'string', maxLength: 4_000 },
};

/** Headers that the transport writes itself. */
const FRAMING = ['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer'];
/** Headers whose values are credentials. */
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie', 'api-key', 'x-api-key'];

/** @throws InvalidInput naming each header that can't be sent or that belongs elsewhere; values are never repeated. */
export function checkHeaders(headers: Readonly<Record<string, string>>, secret: string): void {
  const faults = Object.entries(headers).flatMap(([name, value]) => {
    const pointer = `/parameters/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const lower = name.toLowerCase();
    if (CREDENTIALS.includes(lower)) return [{ pointer, detail: `must not be set here: it would be stored in clear; use '${secret}'` }];
    if (FRAMING.includes(lower)) return [{ pointer, detail: 'must not be set: the transport writes it' }];
    return isHeader(name, value) ? [] : [{ pointer, detail: 'is not a valid header' }];
  });
  if (faults.length > 0) throw new InvalidInput('These headers cannot be sent.', faults);
}

/** @throws InvalidInput when a secret can't stand in a header: a client's own error would repeat it. */
export function checkSecret(value: string | undefined, pointer: string): void {
  if (value === undefined || isHeader('authorization', value)) return;
  throw new InvalidInput('The secret cannot be sent in a header.', [
    { pointer, detail: 'must be one line of Latin letters, digits and signs' },
  ]);
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
}
