import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { Problem } from '../http/problem.js';
import type { Role, Scope } from '../user-context/user-context.js';
import { UserContextService } from '../user-context/user-context.service.js';
import { ROLES_NEEDED, SCOPES_NEEDED } from './access.decorators.js';

/** Asks for the roles of `@Roles()` and, of API keys, for the scopes of `@Scopes()`. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly users: UserContextService,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const user = this.users.find();
    if (!user) return true;
    const places = [context.getHandler(), context.getClass()];
    const { method } = context.switchToHttp().getRequest<Request>();
    const scopes = this.reflector.getAllAndOverride<readonly Scope[] | undefined>(SCOPES_NEEDED, places) ?? [usualScope(method)];
    const missing = scopes.filter((scope) => !user.scopes.includes(scope));
    if (missing.length > 0) {
      throw new Problem(403, 'missing-scope', `This API key does not have the scope ${missing.join(', ')}: take one that has, or a token.`);
    }
    const roles = this.reflector.getAllAndOverride<readonly Role[] | undefined>(ROLES_NEEDED, places);
    if (roles && !roles.some((role) => user.roles.includes(role))) {
      throw new Problem(403, 'missing-role', `This needs the role ${roles.join(' or ')}, which an administrator can grant you.`);
    }
    return true;
  }
}

function usualScope(method: string): Scope {
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}
