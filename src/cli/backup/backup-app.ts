import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { DatabaseHeld } from '#database';
import { BackupMaker } from '../../backup/backup-maker.service.js';
import { BackupService } from '../../backup/backup.service.js';
import { CatalogModule } from '../../catalog/catalog.module.js';
import type { Config } from '../../config/config.js';
import { ConfigModule } from '../../config/config.module.js';
import { DbConnectionModule } from '../../db-connection/db-connection.module.js';
import { logging } from '../../http/logging.js';
import { CommandError } from '../command.js';

/** The part of the application that a backup needs: nothing is taken up, nothing listens, nothing is made by itself. */
@Module({})
class BackupCommandModule {
  static on(config: Config): DynamicModule {
    return {
      module: BackupCommandModule,
      imports: [ConfigModule.forRoot(config), LoggerModule.forRoot(logging(config.logLevel)), CatalogModule, DbConnectionModule],
      providers: [BackupService, BackupMaker],
    };
  }
}

/** @throws CommandError while a server runs on the same data. */
export async function backupApp(config: Config): Promise<INestApplicationContext> {
  try {
    return await NestFactory.createApplicationContext(BackupCommandModule.on(config), { logger: false, abortOnError: false });
  } catch (error) {
    if (!(error instanceof DatabaseHeld)) throw error;
    const holder = error.holderPid === null ? 'Another process' : `The process ${error.holderPid}`;
    throw new CommandError(
      `${holder} runs on ${config.dataDir}. A running server makes the backup itself, without a stop: POST /api/v2/backups, as an administrator.`,
    );
  }
}
