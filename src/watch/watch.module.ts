import { Module } from '@nestjs/common';
import { AlertsModule } from '../alerts/alerts.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { ClosedMemories } from './closed-memories.service.js';
import { KnownStores } from './known-stores.service.js';
import { StrayOwner } from './stray-owner.service.js';
import { SwitchDetector } from './switch-detector.service.js';
import { UnknownFiles } from './unknown-files.service.js';
import { WatchJob } from './watch.job.js';

/** `WatchJob` needs the `ScheduleModule` of the application. */
@Module({
  imports: [AlertsModule, CatalogModule, DbConnectionModule],
  providers: [SwitchDetector, KnownStores, ClosedMemories, UnknownFiles, StrayOwner, WatchJob],
  exports: [SwitchDetector],
})
export class WatchModule {}
