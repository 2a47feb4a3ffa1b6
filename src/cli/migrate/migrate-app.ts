import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import type { Config } from '../../config/config.js';
import { ConfigModule } from '../../config/config.module.js';
import { logging } from '../../http/logging.js';
import { MigrationModule } from '../../migration/migration.module.js';

/** The part of the application that a migration needs: nobody's executions are taken up, nothing listens. */
@Module({})
class MigrateModule {
  static on(config: Config): DynamicModule {
    return {
      module: MigrateModule,
      imports: [ConfigModule.forRoot(config), LoggerModule.forRoot(logging(config.logLevel)), MigrationModule],
    };
  }
}

/** @throws DatabaseHeld while a server runs on the same data: then its API does the same. */
export function migrateApp(config: Config): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(MigrateModule.on(config), { logger: false });
}
