import { Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { LoggerModule } from 'nestjs-pino';
import { AlertsModule } from './alerts/alerts.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BackupModule } from './backup/backup.module.js';
import { CompactionModule } from './compaction/compaction.module.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { ConvertersModule } from './converters/converters.module.js';
import { DatasetsModule } from './datasets/datasets.module.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { ExecutionsModule } from './executions/executions.module.js';
import { GeneratorsModule } from './generators/generators.module.js';
import { HealthModule } from './health/health.module.js';
import { ShutdownNotice } from './health/shutdown-notice.service.js';
import { logging } from './http/logging.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { MemoryModule } from './memory/memory.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { MigrationModule } from './migration/migration.module.js';
import { OrchestratorPoolModule } from './orchestrator-pool/orchestrator-pool.module.js';
import { OrchestratorsModule } from './orchestrators/orchestrators.module.js';
import { RescueModule } from './rescue/rescue.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { ScorersModule } from './scorers/scorers.module.js';
import { WatchModule } from './watch/watch.module.js';

/** The whole application, on a configuration that was read before anything starts. */
@Module({})
export class AppModule implements OnModuleDestroy {
  constructor(private readonly shutdown: ShutdownNotice) {}

  /** Comes before everything else that ends with the application: who balances the load hears of it while all of it still works. */
  onModuleDestroy(): Promise<void> {
    return this.shutdown.give();
  }

  static on(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        LoggerModule.forRoot(logging(config.logLevel)),
        ScheduleModule.forRoot(),
        AuthModule,
        IdempotencyModule,
        HealthModule,
        MetricsModule,
        MemoryModule,
        GeneratorsModule,
        DatasetsModule,
        ConvertersModule,
        ScorersModule,
        OrchestratorsModule,
        OrchestratorPoolModule,
        ExecutionsModule,
        MigrationModule,
        RescueModule,
        AlertsModule,
        WatchModule,
        BackupModule,
        CompactionModule,
        RetentionModule,
        ErasureModule,
      ],
    };
  }
}
