import { GeneratorError, type GeneratorFault } from '#core';

const DAY_MS = 86_400_000;
const NUMBER = /^\d+(\.\d+)?$/;
/** The connection was there, and ended before the answer did. */
const CUT = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const CODE = /^(?:[A-Za-z][A-Za-z_.]{1,47}|\d{1,6})$/;

/**
 * How long an endpoint asks to be left alone, in milliseconds (at most a day), or null: `retry-after-ms`, else `Retry-After` as
 * seconds or as a date (RFC 9110 §10.2.3).
 */
export function retryAfterMs(headers: Headers | undefined, nowMs: number): number | null {
  const exact = headers?.get('retry-after-ms')?.trim() ?? '';
  if (NUMBER.test(exact)) return Math.min(Number(exact), DAY_MS);
  const text = headers?.get('retry-after')?.trim() ?? '';
  if (NUMBER.test(text)) return Math.min(Number(text) * 1_000, DAY_MS);
  const dateMs = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? null : Math.min(Math.max(0, dateMs - nowMs), DAY_MS);
}

/**
 * What an error answer says of itself, as far as it may be repeated: a code such as `model_not_found` or `1113`, never the message.
 * Letters and digits together are left out, since a hostile endpoint could return the key it was sent.
 */
export function errorCode(body: unknown): string | null {
  const error = memberOf(body, 'error') ?? body;
  for (const member of ['code', 'type', 'status']) {
    const value = memberOf(error, member);
    if ((typeof value === 'string' || typeof value === 'number') && CODE.test(String(value))) return String(value);
  }
  return null;
}

/** The error for an answer whose status is not 2xx. Of its body only `code` is told. */
export function statusError(status: number, headers: Headers | undefined, code: string | null, nowMs: number = Date.now()): GeneratorError {
  const hints = [mediaType(headers), code && `error code ${code}`].filter(Boolean).join(', ');
  const location = status >= 300 && status < 400 ? ' Redirects are not followed: configure the final address.' : '';
  return new GeneratorError(faultOf(status), `The endpoint answered ${status}${hints && ` (${hints})`}.${location}`, {
    status,
    retryAfterMs: retryAfterMs(headers, nowMs),
  });
}

/** The error for an answer with status 200 that is not what the protocol promises. */
export function answerError(what: string, headers?: Headers, code: string | null = null): GeneratorError {
  const hints = [mediaType(headers), code && `error code ${code}`].filter(Boolean).join(', ');
  return new GeneratorError('invalid-answer', `The endpoint's answer ${what}${hints && ` (${hints})`}.`, { status: 200 });
}

export function timeoutError(timeoutMs: number): GeneratorError {
  return new GeneratorError('timeout', `The endpoint did not answer within ${timeoutMs} ms.`);
}

/**
 * The error for a request that brought no answer at all. Errors are told apart by name and code, since generators know the injected
 * `fetch` only by its contract.
 */
export function transportError(error: unknown): GeneratorError {
  for (let cause = error, depth = 0; typeof cause === 'object' && cause !== null && depth < 6; depth++) {
    if (cause instanceof GeneratorError) return cause;
    const { name, message, code } = cause as { name?: unknown; message?: unknown; code?: unknown };
    if (name === 'AddressRefused') return new GeneratorError('forbidden-address', String(message));
    if (name === 'AnswerTooLarge' || name === 'UnreadableAnswer') return new GeneratorError('invalid-answer', String(message));
    if (typeof code === 'string') return codedError(code, error);
    cause = (cause as { cause?: unknown }).cause;
  }
  return new GeneratorError('unavailable', "The endpoint can't be reached.", { cause: error });
}

function codedError(code: string, cause: unknown): GeneratorError {
  const hint = /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? ` (${code})` : '';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new GeneratorError('timeout', 'The endpoint stopped answering.', { cause });
  }
  if (code.startsWith('HPE_')) return new GeneratorError('invalid-answer', `The endpoint does not speak HTTP${hint}.`, { cause });
  if (/CERT|LEAF_SIGNATURE/.test(code)) {
    const remedy = 'The operator can trust its CA with NODE_EXTRA_CA_CERTS.';
    return new GeneratorError('unavailable', `The endpoint's certificate is not accepted${hint}. ${remedy}`, { cause });
  }
  if (CUT.has(code)) return new GeneratorError('unavailable', `The endpoint cut the connection${hint}.`, { cause, reached: true });
  return new GeneratorError('unavailable', `The endpoint can't be reached${hint}.`, { cause });
}

/** A member of an unknown value, if it is an object that has it. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function faultOf(status: number): GeneratorFault {
  if (status === 429) return 'rate-limited';
  if (status === 401 || status === 403) return 'unauthorized';
  // 409: lock time-outs of some gateways; 425: too early. Both ask to be tried again.
  if (status >= 500 || status === 408 || status === 409 || status === 425) return 'unavailable';
  return 'rejected';
}

function mediaType(headers: Headers | undefined): string | null {
  const type = headers?.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : null;
}
