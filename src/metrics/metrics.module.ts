import { Module } from '@nestjs/common';
import { AlertsModule } from '../alerts/alerts.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { BackupModule } from '../backup/backup.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { ExecutionsModule } from '../executions/executions.module.js';
import { HealthModule } from '../health/health.module.js';
import { OrchestratorPoolModule } from '../orchestrator-pool/orchestrator-pool.module.js';
import { AlertsMetrics } from './alerts.metrics.js';
import { BackupsMetrics } from './backups.metrics.js';
import { BuildMetrics } from './build.metrics.js';
import { EndpointsMetrics } from './endpoints.metrics.js';
import { ExecutionsMetrics } from './executions.metrics.js';
import { HealthMetrics } from './health.metrics.js';
import { HttpCounts } from './http-counts.service.js';
import { HttpMetrics } from './http.metrics.js';
import { METRIC_SOURCES, type MetricSource } from './metric-source.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsService } from './metrics.service.js';
import { MigrationsMetrics } from './migrations.metrics.js';
import { ModelsMetrics } from './models.metrics.js';
import { PoolMetrics } from './pool.metrics.js';
import { StoresMetrics } from './stores.metrics.js';
import { SwitchesMetrics } from './switches.metrics.js';

const SOURCES = [
  BuildMetrics,
  HttpMetrics,
  HealthMetrics,
  SwitchesMetrics,
  StoresMetrics,
  ExecutionsMetrics,
  ModelsMetrics,
  EndpointsMetrics,
  PoolMetrics,
  MigrationsMetrics,
  BackupsMetrics,
  AlertsMetrics,
];

@Module({
  imports: [
    AlertsModule,
    AuthModule,
    BackupModule,
    CatalogModule,
    DbConnectionModule,
    ExecutionsModule,
    HealthModule,
    OrchestratorPoolModule,
  ],
  controllers: [MetricsController],
  providers: [
    MetricsService,
    MetricsGuard,
    HttpCounts,
    ...SOURCES,
    { provide: METRIC_SOURCES, inject: SOURCES, useFactory: (...sources: MetricSource[]) => sources },
  ],
})
export class MetricsModule {}
