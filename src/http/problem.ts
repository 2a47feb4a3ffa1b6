import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import {
  Conflict,
  DomainError,
  IdentityChanged,
  InvalidInput,
  NotFound,
  QuotaExceeded,
  StaleRevision,
  StoreSwitched,
  Unavailable,
  type FieldFault,
} from '#core';

/** An error as RFC 9457 tells it, without the request it belongs to. `type` is stable; programs branch on it, people read `detail`. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
  /** Seconds. */
  readonly retryAfter?: number;
}

/** What a problem may say beyond its kind and its detail. */
export interface ProblemOptions {
  readonly errors?: readonly FieldFault[];
  readonly retryAfterMs?: number | null;
  /** Response headers, such as WWW-Authenticate. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error of the HTTP layer itself. What is true without HTTP is a DomainError instead. */
export class Problem extends HttpException {
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;

  /** @param slug the end of the problem's type: `invalid-token` → `/problems/invalid-token`. */
  constructor(status: number, slug: string, detail: string, options: ProblemOptions = {}) {
    super(detail, status);
    this.details = details(status, slug, detail, options);
    this.headers = options.headers ?? {};
  }
}

/** Its status, the end of its type and its title, for each class of domain error. */
const DOMAIN: readonly (readonly [abstract new (...args: never[]) => DomainError, number, string])[] = [
  [InvalidInput, 400, 'invalid-input'],
  [NotFound, 404, 'not-found'],
  [Conflict, 409, 'conflict'],
  [StaleRevision, 412, 'stale-revision'],
  [IdentityChanged, 403, 'identity-changed'],
  [QuotaExceeded, 403, 'quota-exceeded'],
  [StoreSwitched, 503, 'store-switched'],
  [Unavailable, 503, 'unavailable'],
];

/** The problem that an error is, or null when it is none that a client may know more about than its id. */
export function problemOf(error: unknown): ProblemDetails | null {
  if (error instanceof Problem) return error.details;
  if (error instanceof DomainError) return domainProblem(error);
  if (error instanceof HttpException) return httpProblem(error);
  if (error instanceof Error && error.name === 'MulterError') {
    return 'code' in error && error.code === 'LIMIT_FILE_SIZE'
      ? details(413, 'content-too-large', 'The file is too large.')
      : details(400, 'bad-request', `The upload can't be read: ${error.message}.`);
  }
  return null;
}

/** What every other error looks like from outside. */
export const internalProblem: ProblemDetails = details(
  500,
  'internal',
  'Something went wrong in the server. The log has it under the id of this request, which is in `instance`.',
);

function domainProblem(error: DomainError): ProblemDetails | null {
  const [, status, slug] = DOMAIN.find(([type]) => error instanceof type) ?? [];
  if (status === undefined || slug === undefined) return null;
  return details(status, slug, error.message, {
    ...(error instanceof InvalidInput ? { errors: error.faults } : {}),
    ...(error instanceof Unavailable ? { retryAfterMs: error.retryAfterMs } : {}),
  });
}

/** The messages of parsers quote the body, and that of the router the address: they are replaced. */
function httpProblem(error: HttpException): ProblemDetails {
  const status = error.getStatus();
  const cause: unknown = error.cause;
  if (cause instanceof Problem) return cause.details;
  const kind = cause instanceof Error && 'type' in cause ? cause.type : undefined;
  if (kind === 'entity.parse.failed') return details(400, 'malformed-json', 'The body is not valid JSON: an object or a list in UTF-8.');
  if (kind === 'charset.unsupported') return details(415, 'unsupported-media-type', 'Send JSON in UTF-8.');
  if (kind === 'encoding.unsupported')
    return details(415, 'unsupported-media-type', 'Send the body plain, or encoded as gzip, deflate or br.');
  if (kind === 'entity.too.large' || status === 413)
    return details(413, 'content-too-large', 'The body is larger than this server accepts.');
  if (cause instanceof URIError) return details(400, 'bad-request', 'The address holds a % that begins no valid escape.');
  if (status === 404 && error.message.startsWith('Cannot '))
    return details(404, 'not-found', 'There is nothing at this address: see /api/docs.');
  const slug = (STATUS_CODES[status] ?? 'error').toLowerCase().replace(/[^a-z]+/g, '-');
  return { ...extensionsOf(error), ...details(status, slug, error.message) };
}

/** Members that an exception's body has of its own, such as the parts of a health check. */
function extensionsOf(error: HttpException): object {
  const body = error.getResponse();
  if (typeof body === 'string') return {};
  const usual = new Set(['statusCode', 'message', 'instance', ...('error' in body && typeof body.error === 'string' ? ['error'] : [])]);
  return Object.fromEntries(Object.entries(body).filter(([name]) => !usual.has(name)));
}

function details(status: number, slug: string, detail: string, options: ProblemOptions = {}): ProblemDetails {
  return {
    type: `/problems/${slug}`,
    title: titleOf(slug),
    status,
    detail,
    ...(options.errors && options.errors.length > 0 ? { errors: options.errors } : {}),
    ...(typeof options.retryAfterMs === 'number' ? { retryAfter: Math.max(1, Math.ceil(options.retryAfterMs / 1000)) } : {}),
  };
}

/** `stale-revision` → `Stale revision`: a title says no more than its type. */
function titleOf(slug: string): string {
  return slug.charAt(0).toUpperCase() + slug.slice(1).replaceAll('-', ' ').replace('json', 'JSON');
}
