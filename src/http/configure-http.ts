import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { json, type NextFunction, type Request, type Response } from 'express';
import { rememberBody } from './body-hash.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';
import { requireStorableJson } from './storable-json.js';
import { validationPipe } from './validation.pipe.js';

/**
 * Gives an application, created with `{ bodyParser: false }`, the manners of this API: JSON bodies in UTF-8 up to a size that can be kept as they are,
 * validated DTOs, errors as problem+json, no caching, and no ETags but our own.
 */
export function configureHttp(app: NestExpressApplication, options: { readonly maxBodyBytes: number }): void {
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(quiet);
  app.use(requireKnownMediaType);
  app.use(json({ limit: options.maxBodyBytes, type: JSON_TYPES, verify: requireUtf8 }));
  app.use(requireStorableJson);
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter());
}

const JSON_TYPES = ['application/json', 'application/*+json'];

/** Answers are personal, and are what they say they are. A route may say otherwise. */
function quiet(_request: Request, response: Response, next: NextFunction): void {
  response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  next();
}

/** A body that no one would read is refused, rather than taken for an empty one. */
function requireKnownMediaType(request: Request, _response: Response, next: NextFunction): void {
  // False: there is a body, of another type. Null: there is none.
  const unknown = request.headers['content-length'] !== '0' && request.is([...JSON_TYPES, 'multipart/form-data']) === false;
  next(
    unknown
      ? new Problem(415, 'unsupported-media-type', 'Send JSON with Content-Type: application/json, or a file as multipart/form-data.')
      : undefined,
  );
}

/** The parser would silently replace broken characters, and a prompt would not be the one that was sent. */
function requireUtf8(request: IncomingMessage, _response: unknown, body: Buffer, encoding: string): void {
  if (encoding === 'utf-8' && isUtf8(body)) return rememberBody(request, body);
  throw encoding === 'utf-8'
    ? new Problem(400, 'malformed-json', 'The body is not valid UTF-8.')
    : new Problem(415, 'unsupported-media-type', 'Send JSON in UTF-8.');
}
