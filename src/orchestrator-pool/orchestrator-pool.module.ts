import { Module } from '@nestjs/common';
import { UserContextModule } from '../user-context/user-context.module.js';
import { ExpiryJob } from './expiry.job.js';
import { OrchestratorPoolController } from './orchestrator-pool.controller.js';
import { OrchestratorPool } from './orchestrator-pool.service.js';

/** `ExpiryJob` needs the `ScheduleModule` of the application. */
@Module({
  imports: [UserContextModule],
  controllers: [OrchestratorPoolController],
  providers: [OrchestratorPool, ExpiryJob],
  exports: [OrchestratorPool],
})
export class OrchestratorPoolModule {}
