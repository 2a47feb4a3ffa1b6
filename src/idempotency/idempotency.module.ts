import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CatalogModule } from '../catalog/catalog.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';

/** Gives `@Idempotent()` its effect, everywhere in the application. */
@Module({
  imports: [CatalogModule, UserContextModule],
  providers: [{ provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }],
})
export class IdempotencyModule {}
