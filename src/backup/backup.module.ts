import { Module } from '@nestjs/common';
import { AlertsModule } from '../alerts/alerts.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { BackupErasure } from './backup-erasure.service.js';
import { BackupAlerts } from './backup-alerts.service.js';
import { BackupMaker } from './backup-maker.service.js';
import { BackupJob } from './backup.job.js';
import { BackupService } from './backup.service.js';
import { BackupsController } from './backups.controller.js';

@Module({
  imports: [AlertsModule, CatalogModule, UserContextModule, DbConnectionModule],
  controllers: [BackupsController],
  providers: [BackupService, BackupAlerts, BackupMaker, BackupJob, BackupErasure],
  exports: [BackupService, BackupErasure],
})
export class BackupModule {}
