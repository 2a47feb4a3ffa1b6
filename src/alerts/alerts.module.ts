import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { AlertsController } from './alerts.controller.js';
import { AlertsJob } from './alerts.job.js';
import { AlertsService } from './alerts.service.js';
import { SwitchAlerts } from './switch-alerts.service.js';

/** `AlertsJob` needs the `ScheduleModule` of the application. */
@Module({
  imports: [CatalogModule, DbConnectionModule, UserContextModule],
  controllers: [AlertsController],
  providers: [AlertsService, AlertsJob, SwitchAlerts],
  exports: [AlertsService, SwitchAlerts],
})
export class AlertsModule {}
