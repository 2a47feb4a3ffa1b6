import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { idOf } from '../http/id-param.js';
import { MigrationService } from './migration.service.js';

/** For the stream of events, whose headers are on their way before its handler has looked anything up: only a guard can still answer 404. */
@Injectable()
export class RunFound implements CanActivate {
  constructor(private readonly migration: MigrationService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { id } = context.switchToHttp().getRequest<Request<{ id: string }>>().params;
    await this.migration.get('run', idOf(id));
    return true;
  }
}
