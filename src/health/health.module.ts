import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CatalogModule } from '../catalog/catalog.module.js';
import { OrchestratorPoolModule } from '../orchestrator-pool/orchestrator-pool.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

@Module({
  imports: [TerminusModule, CatalogModule, OrchestratorPoolModule, UserContextModule],
  controllers: [HealthController],
  providers: [HealthService],
  exports: [HealthService],
})
export class HealthModule {}
