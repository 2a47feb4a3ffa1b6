import { Injectable, type NestMiddleware } from '@nestjs/common';
import { UserContextService } from './user-context.service.js';

/**
 * Begins the visit of a request, before guards know whose it is. A middleware rather than an interceptor, so that everything after it is inside:
 * guards, pipes, filters, and streams that outlive the handler.
 */
@Injectable()
export class UserContextMiddleware implements NestMiddleware {
  constructor(private readonly users: UserContextService) {}

  use(_request: unknown, _response: unknown, next: () => void): void {
    this.users.runUnknown(next);
  }
}
