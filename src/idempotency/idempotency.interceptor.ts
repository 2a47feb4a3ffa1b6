import { Injectable, Logger, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { finalize, mergeMap, of, type Observable } from 'rxjs';
import { requestHash, type IdempotentRequest, type KeptAnswer } from '#catalog';
import { InvalidInput } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { bodyHashOf } from '../http/body-hash.js';
import { Problem } from '../http/problem.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { IDEMPOTENT, type IdempotentOptions } from './idempotent.decorator.js';

/**
 * Does a request with an `Idempotency-Key` once. What is under way is known in memory alone, so a crash or an error frees the key; what has
 * succeeded is kept in the catalog for 24 hours and answered again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  readonly #logger = new Logger('IdempotencyInterceptor');
  /** The body of each request under way, by the request's hash. */
  readonly #underWay = new Map<string, string>();

  constructor(
    private readonly reflector: Reflector,
    private readonly catalog: CatalogService,
    private readonly users: UserContextService,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const options = this.reflector.get<IdempotentOptions | undefined>(IDEMPOTENT, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const key = request.get('Idempotency-Key');
    if (!options || key === undefined) return next.handle();
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new InvalidInput('Idempotency-Key must be 1 to 255 visible ASCII characters.');

    const call: IdempotentRequest = { userId: this.users.current().userId, method: request.method, path: request.originalUrl, key };
    const hash = requestHash(call);
    const bodyHash = bodyHashOf(request);
    this.#begin(hash, bodyHash);
    try {
      const kept = await this.catalog.idempotencyKeys.find(call);
      if (kept) {
        this.#underWay.delete(hash);
        return of(replay(kept, bodyHash, http.getResponse<Response>()));
      }
    } catch (error) {
      this.#underWay.delete(hash);
      throw error;
    }
    return next.handle().pipe(
      mergeMap(async (body: unknown) => {
        await this.#keep(call, http.getResponse<Response>(), bodyHash, body, options);
        return body;
      }),
      finalize(() => this.#underWay.delete(hash)),
    );
  }

  #begin(hash: string, bodyHash: string): void {
    const underWay = this.#underWay.get(hash);
    if (underWay !== undefined) {
      requireSameBody(underWay, bodyHash);
      throw new Problem(
        409,
        'request-in-progress',
        'The first request with this Idempotency-Key is still being worked on. Try again shortly.',
        {
          retryAfterMs: 1000,
        },
      );
    }
    this.#underWay.set(hash, bodyHash);
  }

  async #keep(call: IdempotentRequest, response: Response, bodyHash: string, body: unknown, options: IdempotentOptions): Promise<void> {
    if (response.statusCode >= 500) return;
    const location = response.getHeader('Location');
    try {
      await this.catalog.idempotencyKeys.keep(call, {
        bodyHash,
        status: response.statusCode,
        location: typeof location === 'string' ? location : null,
        body: options.neverReplayBody === true || body === undefined ? null : JSON.stringify(body, without(options.omitOnReplay ?? [])),
      });
    } catch (error) {
      // It is done: an error now would make the client do it again.
      this.#logger.error({ err: error }, 'An answer could not be kept for its Idempotency-Key');
    }
  }
}

function replay(kept: KeptAnswer, bodyHash: string, response: Response): unknown {
  requireSameBody(kept.bodyHash, bodyHash);
  response.status(kept.status).set('Idempotency-Replayed', 'true');
  if (kept.location !== null) response.set('Location', kept.location);
  return kept.body === null ? undefined : (JSON.parse(kept.body) as unknown);
}

function requireSameBody(first: string, second: string): void {
  if (first === second) return;
  throw new Problem(422, 'idempotency-key-reused', 'This Idempotency-Key was used for another body. Take a new key for a new request.');
}

/** Leaves members of the answer itself out, not those of the same name further in. */
function without(names: readonly string[]): (this: unknown, name: string, value: unknown) => unknown {
  let root: unknown;
  return function (this: unknown, name: string, value: unknown): unknown {
    if (name === '') root = value;
    return this === root && names.includes(name) ? undefined : value;
  };
}
