import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AuthenticationService } from '../auth/authentication.service.js';
import { requireLocal } from '../auth/single-user.js';
import { Config } from '../config/config.js';

/** Metrics are for whoever scrapes from this machine, and from elsewhere for people with a token, and for the scraper with its own. */
@Injectable()
export class MetricsGuard implements CanActivate {
  readonly #scraper: Buffer | null;

  constructor(
    { metricsToken }: Config,
    private readonly authentication: AuthenticationService,
  ) {
    this.#scraper = metricsToken === null ? null : digest(`Bearer ${metricsToken}`);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (isLocal(request) || this.#isScraper(request)) return true;
    await this.authentication.authenticate(request, http.getResponse<Response>());
    return true;
  }

  #isScraper({ headers: { authorization } }: Request): boolean {
    return this.#scraper !== null && authorization !== undefined && timingSafeEqual(this.#scraper, digest(authorization));
  }
}

/** Of equal length, so that they can be compared in a time that tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** What came by a proxy on this machine came from somewhere else. */
function isLocal(request: Request): boolean {
  if (request.headers['forwarded'] !== undefined || request.headers['x-forwarded-for'] !== undefined) return false;
  try {
    requireLocal(request);
    return true;
  } catch {
    return false;
  }
}
