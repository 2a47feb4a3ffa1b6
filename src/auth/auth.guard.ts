import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { UserContextService } from '../user-context/user-context.service.js';
import { PUBLIC } from './access.decorators.js';
import { AuthenticationService } from './authentication.service.js';

/** Lets nobody in without a credential, but on `@Public()` routes, and says for whom the request is. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: AuthenticationService,
    private readonly users: UserContextService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, [context.getHandler(), context.getClass()]) === true) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const user = await this.authentication.authenticate(request, http.getResponse<Response>());
    this.users.enter(user);
    // For the log, which is written when the request is over.
    request.user = user;
    return true;
  }
}
