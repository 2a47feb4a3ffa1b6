import { Module } from '@nestjs/common';
import { BackupModule } from '../backup/backup.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { ExecutionsModule } from '../executions/executions.module.js';
import { MigrationModule } from '../migration/migration.module.js';
import { OrchestratorPoolModule } from '../orchestrator-pool/orchestrator-pool.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { ErasureService } from './erasure.service.js';
import { ErasuresController } from './erasures.controller.js';
import { MemoryRemover } from './memory-remover.service.js';

@Module({
  imports: [CatalogModule, UserContextModule, DbConnectionModule, ExecutionsModule, OrchestratorPoolModule, MigrationModule, BackupModule],
  controllers: [ErasuresController],
  providers: [ErasureService, MemoryRemover],
})
export class ErasureModule {}
