import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OrchestratorPoolModule } from '../orchestrator-pool/orchestrator-pool.module.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsService } from './metrics.service.js';

@Module({ imports: [AuthModule, OrchestratorPoolModule], controllers: [MetricsController], providers: [MetricsService, MetricsGuard] })
export class MetricsModule {}
