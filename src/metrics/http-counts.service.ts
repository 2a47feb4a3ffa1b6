import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Distribution } from '#core';

/** What was answered to requests of one kind. */
interface RequestCount {
  readonly labels: { readonly method: string; readonly route: string; readonly status: string };
  /** In seconds; streams of events are not in it, which last as long as somebody listens. */
  readonly seconds: Distribution;
  count: number;
}

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts requests by method, template of the route and class of the status: few, whatever is sent. */
@Injectable()
export class HttpCounts {
  readonly #counts = new Map<string, RequestCount>();

  /** To be the first of all, so that nothing is answered uncounted. */
  readonly middleware: RequestHandler = (request: Request, response: Response, next: NextFunction) => {
    const began = performance.now();
    response.once('close', () => this.#add(request, response, performance.now() - began));
    next();
  };

  all(): IterableIterator<RequestCount> {
    return this.#counts.values();
  }

  #add(request: Request, response: Response, ms: number): void {
    const method = METHODS.has(request.method) ? request.method : 'OTHER';
    const route = routeOf(request);
    const streams = String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
    const status = response.writableFinished || streams ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted';
    const key = `${method} ${status} ${route}`;
    let found = this.#counts.get(key);
    if (!found) this.#counts.set(key, (found = { labels: { method, route, status }, seconds: new Distribution(BOUNDS), count: 0 }));
    found.count += 1;
    if (!streams) found.seconds.add(ms / 1000);
  }
}

/** The path as the description of the API has it, without anybody's ids in it. */
function routeOf(request: Request): string {
  const path: unknown = (request.route as { readonly path?: unknown } | undefined)?.path;
  // What stands before all routes, such as a middleware, takes any path: whoever got no further was served by nobody.
  return typeof path === 'string' && !path.includes('*') ? path.replaceAll(/:(\w+)/g, '{$1}') : 'unmatched';
}
