import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { ConvertersModule } from '../converters/converters.module.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { GeneratorsModule } from '../generators/generators.module.js';
import { OrchestratorPoolModule } from '../orchestrator-pool/orchestrator-pool.module.js';
import { OrchestratorsModule } from '../orchestrators/orchestrators.module.js';
import { ScorersModule } from '../scorers/scorers.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { CompiledOrchestrators } from './compiled-orchestrators.service.js';
import { ExecutionActivity } from './execution-activity.service.js';
import { ExecutionCounts } from './execution-counts.service.js';
import { ExecutionPlanner } from './execution-planner.service.js';
import { ExecutionPreview } from './execution-preview.service.js';
import { ExecutionSubjects } from './execution-subjects.service.js';
import { ExecutionRunner } from './execution-runner.service.js';
import { ExecutionsController } from './executions.controller.js';
import { ExecutionsService } from './executions.service.js';
import { LaunchController } from './launch.controller.js';
import { OrchestratorCompiler } from './orchestrator-compiler.service.js';
import { PlanResolver } from './plan-resolver.service.js';
import { TakeUp } from './take-up.service.js';

@Module({
  imports: [
    CatalogModule,
    UserContextModule,
    DbConnectionModule,
    OrchestratorPoolModule,
    GeneratorsModule,
    ConvertersModule,
    ScorersModule,
    OrchestratorsModule,
  ],
  controllers: [ExecutionsController, LaunchController],
  providers: [
    ExecutionsService,
    ExecutionPlanner,
    ExecutionPreview,
    ExecutionSubjects,
    ExecutionRunner,
    CompiledOrchestrators,
    OrchestratorCompiler,
    PlanResolver,
    TakeUp,
    ExecutionCounts,
    ExecutionActivity,
  ],
  exports: [ExecutionCounts, ExecutionActivity, ExecutionRunner],
})
export class ExecutionsModule {}
