import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { UserContextMiddleware } from './user-context.middleware.js';
import { UserContextService } from './user-context.service.js';

@Module({ providers: [UserContextService], exports: [UserContextService] })
export class UserContextModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(UserContextMiddleware).forRoutes('{*path}');
  }
}
