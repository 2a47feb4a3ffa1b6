import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AuthenticationService } from '../auth/authentication.service.js';
import { requireLocal } from '../auth/single-user.js';

/** Metrics are for whoever scrapes from this machine, and from elsewhere for people with a token. */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(private readonly authentication: AuthenticationService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (isLocal(request)) return true;
    await this.authentication.authenticate(request, http.getResponse<Response>());
    return true;
  }
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
