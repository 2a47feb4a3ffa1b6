import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem.dto.js';

export const IDEMPOTENT = 'idempotency:options';

export interface IdempotentOptions {
  /** Only status and Location are repeated. */
  readonly neverReplayBody?: boolean;
  /** Members of the answer that are told once and never kept, such as a new secret. */
  readonly omitOnReplay?: readonly string[];
}

/** A route that creates or runs something: with an `Idempotency-Key`, it does so once, however often it is called. */
export const Idempotent = (options: IdempotentOptions = {}): MethodDecorator =>
  applyDecorators(
    SetMetadata(IDEMPOTENT, options),
    ApiProblems(409, 422),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Up to 255 characters of your choice. The same request under the same key within 24 hours is answered again, not done again.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
  );
