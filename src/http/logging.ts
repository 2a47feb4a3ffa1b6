import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import { requestIdOf } from './request-id.js';

type LoggedRequest = IncomingMessage & { readonly originalUrl?: string; readonly user?: { readonly userId?: string } };

const WATCHED = /^\/(health|metrics)(\/|$)/;

const SECRET_HEADERS = ['authorization', 'cookie', 'set-cookie', 'x-api-key', 'idempotency-key', 'proxy-authorization'];

/**
 * What is logged, as JSON lines: of a request its id, method, path, status, time and user id. No headers, no query string, no body: they can hold
 * keys and prompts. Headers that carry secrets are also struck out wherever else an object with headers is logged.
 */
export function logging(level: string): Params {
  return {
    pinoHttp: {
      level,
      genReqId: requestIdOf,
      redact: { paths: SECRET_HEADERS.flatMap((name) => [`headers["${name}"]`, `*.headers["${name}"]`]), censor: '[hidden]' },
      // Bound to what is logged at the end only, when the path is known by its original form and the user is known at all.
      quietReqLogger: true,
      customAttributeKeys: { reqId: 'requestId' },
      wrapSerializers: false,
      serializers: { req: loggedRequest, res: (response: ServerResponse) => ({ status: response.statusCode }) },
      customProps: (request: LoggedRequest) => (request.user?.userId === undefined ? {} : { userId: request.user.userId }),
      customLogLevel: (request, response, error) => {
        // Asked for every few seconds. That something is unwell is an answer there, and logged where it is found.
        if (WATCHED.test(pathOf(request))) return 'debug';
        return (error ?? response.statusCode >= 500) ? 'error' : 'info';
      },
      customErrorMessage: () => 'request failed',
    },
  };
}

function loggedRequest(request: LoggedRequest): object {
  return { method: request.method, path: pathOf(request) };
}

function pathOf(request: LoggedRequest): string {
  return (request.originalUrl ?? request.url ?? '').replace(/[?#].*$/s, '');
}
