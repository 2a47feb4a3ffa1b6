import { expect, test } from '@jest/globals';
import { errorCode, retryAfterMs, statusError, transportError } from './faults.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

test.each([
  [{ 'retry-after': '3' }, 3_000],
  [{ 'retry-after': '0.25' }, 250],
  [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, 7_000],
  [{ 'retry-after': 'Wed, 31 Dec 2025 23:59:00 GMT' }, 0],
  [{ 'retry-after-ms': '120', 'retry-after': '9' }, 120],
  [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9_000],
  [{ 'retry-after': '99999999999' }, 86_400_000],
  [{ 'retry-after': 'later' }, null],
  [{ 'retry-after': '-5' }, null],
  [{}, null],
])('%j asks for %s ms', (headers, expected) => expect(retryAfterMs(new Headers(headers as Record<string, string>), NOW)).toBe(expected));

test.each([
  [429, 'rate-limited', true],
  [401, 'unauthorized', false],
  [403, 'unauthorized', false],
  [408, 'unavailable', true],
  [409, 'unavailable', true],
  [425, 'unavailable', true],
  [500, 'unavailable', true],
  [529, 'unavailable', true],
  [400, 'rejected', false],
  [404, 'rejected', false],
  [422, 'rejected', false],
  [302, 'rejected', false],
])('%i is %s', (status, fault, retryable) => {
  const error = statusError(status, undefined, null);
  expect([error.fault, error.retryable, error.status]).toEqual([fault, retryable, status]);
});

test('a code is told, a message never, and nothing that could be a key', () => {
  expect(errorCode({ error: { message: 'the prompt was …', code: 'model_not_found' } })).toBe('model_not_found');
  expect(errorCode({ error: { code: 1113 } })).toBe('1113');
  expect(errorCode({ error: { code: null, type: 'invalid_request_error' } })).toBe('invalid_request_error');
  expect(errorCode({ code: 'NotFound' })).toBe('NotFound');
  expect(errorCode({ error: { code: 'sk-abc123' } })).toBeNull();
  expect(errorCode({ error: 'the prompt was' })).toBeNull();
  expect(errorCode(undefined)).toBeNull();
  expect(statusError(404, new Headers({ 'content-type': 'application/json; charset=x' }), 'model_not_found').message).toBe(
    'The endpoint answered 404 (application/json, error code model_not_found).',
  );
  expect(statusError(301, undefined, null).message).toContain('Redirects are not followed');
});

test('a transport error is told by the code that is deepest in its causes', () => {
  const coded = (code: string): Error => new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
  expect(transportError(coded('ECONNRESET'))).toMatchObject({
    fault: 'unavailable',
    message: 'The endpoint cut the connection (ECONNRESET).',
  });
  expect(transportError(coded('UND_ERR_BODY_TIMEOUT')).fault).toBe('timeout');
  expect(transportError(coded('HPE_INVALID_CONSTANT')).fault).toBe('invalid-answer');
  expect(transportError(coded('SELF_SIGNED_CERT_IN_CHAIN')).message).toContain('NODE_EXTRA_CA_CERTS');
  expect(transportError(coded('a secret thing')).message).toBe("The endpoint can't be reached.");
  expect(transportError('odd').fault).toBe('unavailable');
});
