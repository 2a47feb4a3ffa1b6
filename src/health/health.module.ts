import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AlertsModule } from '../alerts/alerts.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { ExecutionsModule } from '../executions/executions.module.js';
import { OrchestratorPoolModule } from '../orchestrator-pool/orchestrator-pool.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { CatalogCheck } from './catalog.check.js';
import { DatabaseHealth } from './database.health.js';
import { DiskSpace } from './disk-space.js';
import { ExecutionsHealth } from './executions.health.js';
import { HealthAlertsJob } from './health-alerts.job.js';
import { HealthReports } from './health-report.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { MemoryDirectoryCheck } from './memory-directory.check.js';
import { PoolHealth } from './pool.health.js';
import { ProcessCheck } from './process.check.js';
import { READINESS_CHECKS, type ReadinessCheck } from './readiness-check.js';
import { ShutdownNotice } from './shutdown-notice.service.js';
import { StoresHealth } from './stores.health.js';
import { UnavailableStoresJob } from './unavailable-stores.job.js';

/** Whoever adds something without which nobody can be served adds its check here. */
const CHECKS = [ProcessCheck, CatalogCheck, MemoryDirectoryCheck];

@Module({
  // What is unwell is logged when that begins and ends, not at every look at it.
  imports: [
    TerminusModule.forRoot({ logger: false }),
    AlertsModule,
    CatalogModule,
    DbConnectionModule,
    ExecutionsModule,
    OrchestratorPoolModule,
    UserContextModule,
  ],
  controllers: [HealthController],
  providers: [
    HealthService,
    HealthReports,
    DatabaseHealth,
    StoresHealth,
    PoolHealth,
    ExecutionsHealth,
    DiskSpace,
    ShutdownNotice,
    UnavailableStoresJob,
    HealthAlertsJob,
    ...CHECKS,
    { provide: READINESS_CHECKS, inject: CHECKS, useFactory: (...checks: ReadinessCheck[]) => checks },
  ],
  exports: [HealthService, ShutdownNotice],
})
export class HealthModule {}
