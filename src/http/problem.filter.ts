import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { internalProblem, Problem, problemOf } from './problem.js';
import { requestIdOf } from './request-id.js';

/** Answers every error as application/problem+json (RFC 9457). What is not meant for clients is logged under the request's id, and answered with that id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('ProblemFilter');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const instance = requestIdOf(request, response);
    const problem = problemOf(error) ?? internalProblem;
    if (problem.status >= 500) this.#logger.error({ problem: problem.type, ...described(error) }, 'Request failed');
    if (response.headersSent) {
      // Half of an answer is out already: breaking off is the only way left to say that it is not whole.
      response.destroy();
      return;
    }
    if (error instanceof Problem) response.set(error.headers);
    if (problem.retryAfter !== undefined) response.set('Retry-After', String(problem.retryAfter));
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify({ ...problem, instance }));
  }
}

/** The name and the stack of an error and of what caused it. The messages of JSON's parser are left out: they quote what was parsed. */
function described(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { error: typeof error };
  const stack = error instanceof SyntaxError ? error.stack?.slice(error.stack.indexOf('\n    at ') + 1) : error.stack;
  return { error: error.name, stack, ...(error.cause !== undefined && depth < 3 ? { cause: described(error.cause, depth + 1) } : {}) };
}
