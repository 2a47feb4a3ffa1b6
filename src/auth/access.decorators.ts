import { SetMetadata } from '@nestjs/common';
import type { Role, Scope } from '../user-context/user-context.js';

export const PUBLIC = 'auth:public';
export const ROLES_NEEDED = 'auth:roles';
export const SCOPES_NEEDED = 'auth:scopes';

/** Exempts a route, or a controller, from authentication. There is no user in it. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);

/** The route is for people who have one of these roles. */
export const Roles = (...roles: readonly Role[]): MethodDecorator & ClassDecorator => SetMetadata(ROLES_NEEDED, roles);

/**
 * An API key needs all of these scopes for the route. Without this decorator it needs `read` for GET and HEAD, and `write` for everything else,
 * so it is only said where that is wrong: `@Scopes('execute')` on what sends prompts.
 */
export const Scopes = (...scopes: readonly Scope[]): MethodDecorator & ClassDecorator => SetMetadata(SCOPES_NEEDED, scopes);
