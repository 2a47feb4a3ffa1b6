import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { idOf } from '../http/id-param.js';
import { ExecutionsService } from './executions.service.js';

/** For streams of events, whose headers are on their way before their handler has looked anything up: only a guard can still answer 404. */
@Injectable()
export class ExecutionFound implements CanActivate {
  constructor(private readonly executions: ExecutionsService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { id } = context.switchToHttp().getRequest<Request<{ id: string }>>().params;
    await this.executions.get(idOf(id));
    return true;
  }
}
